# A FAX.de customer's program with SOAP::Lite. Usage: perl scenario.pl ADDRESS FOLDER

use strict;
use warnings;
use utf8;
use JSON::PP;
use POSIX qw(strftime);
use SOAP::Lite on_fault => sub { my (undef, $fault) = @_; die ref $fault ? $fault->faultstring : 'no answer' };
use Time::HiRes qw(sleep);

my ($address, $folder) = @ARGV;
my $fax = SOAP::Lite->service("$address/xmlws.exe?/wsdl/IntfXMLWS");

my @SEND_JOB = qw(JobId RecipientsCount PageCount);
my @JOB_STATUS = qw(SendResult SendDateTime RemoteId StatusFile);
my @REQUEST_RECEIVED = qw(FaxId CalledNumber ReceiveDate Originator RemoteId Pages FaxImage);

# SOAP::Lite returns the values as a list: first the code, then the outs in their order.
sub named {
    my ($names, @values) = @_;
    my %answer;
    @answer{'return', @$names} = @values;
    return \%answer;
}

sub send_job         { return named(\@SEND_JOB, $fax->SendJob(@_)) }
sub job_status       { return named(\@JOB_STATUS, $fax->JobStatus(@_)) }
sub cancel_job       { return named([], $fax->CancelJob(@_)) }
sub request_received { return named(\@REQUEST_RECEIVED, $fax->RequestReceived(@_)) }
sub delete_received  { return named([], $fax->DeleteReceived(@_)) }

sub finished {
    my ($job_id) = @_;
    for (1 .. 300) {
        my $answer = job_status('10001', 'demo', $job_id);
        return $answer if $answer->{return} != 6;
        sleep 0.2;
    }
    die "job $job_id does not become final";
}

# The answer as it is reported: numbers as numbers, moments in UTC, files by their length.
sub report {
    my %answer = %{ $_[0] };
    for my $name (keys %answer) {
        if ($name =~ /^(return|JobId|RecipientsCount|PageCount|FaxId|Pages)$/) {
            $answer{$name} += 0;
        } elsif ($name =~ /^(SendDateTime|ReceiveDate)$/) {
            $answer{$name} =~ s/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z$/$1Z/ or die "$answer{$name} is not in UTC";
        } elsif ($name =~ /^(StatusFile|FaxImage)$/) {
            $answer{$name} = length $answer{$name};
        }
    }
    return \%answer;
}

sub read_file {
    my ($name) = @_;
    open my $file, '<:raw', "$folder/$name" or die "$name: $!";
    local $/;
    return scalar <$file>;
}

sub write_file {
    my ($name, $bytes) = @_;
    open my $file, '>:raw', "$folder/$name" or die "$name: $!";
    print {$file} $bytes;
    close $file or die "$name: $!";
}

# undef travels as nil; SOAP::Lite wants an empty string where there is no file.
my $sent = send_job(
    '10001', 'demo', 0, '+493023125200[Ref-Ä1]', '', 'Grüße aus Köln – 5 €',
    'Anhang-Ümläut.pdf', read_file('document.pdf'), undef, '', undef, '',
    undef, 'STATIONID=Müller GmbH;FAXHEADER=Test'
);
my $status = finished($sent->{JobId});
write_file('status.csv', $status->{StatusFile});

my $received = request_received('10002', 'demo');
write_file('fax.tif', $received->{FaxImage});
my $deleted = delete_received('10002', 'demo', $received->{FaxId});
my $deleted_again = delete_received('10002', 'demo', $received->{FaxId});
my $nothing_received = request_received('10002', 'demo');

my $tomorrow = time + 24 * 60 * 60;
(my $send_at = strftime('%Y-%m-%dT%H:%M:%S%z', localtime $tomorrow)) =~ s/(\d\d)$/:$1/;
my $scheduled = send_job(
    '10001', 'demo', 1, '+4917139200000', '', 'Die Tür öffnet früh',
    undef, '', undef, '', undef, '', $send_at, 'SMSFROM=Praxis'
);
my $scheduled_status = job_status('10001', 'demo', $scheduled->{JobId});
my $cancelled = cancel_job('10001', 'demo', $scheduled->{JobId});
my $cancelled_status = job_status('10001', 'demo', $scheduled->{JobId});
my $cancelled_again = cancel_job('10001', 'demo', $scheduled->{JobId});

# Arguments at the end may simply be missing.
my $wrong_password = send_job('10001', 'falsch', 1, '+4917139200000', '', 'Test');
my $unknown_account = send_job('99999', 'demo', 1, '+4917139200000', '', 'Test');
my $unknown_job = job_status('10001', 'demo', 999999);
my $status_wrong_password = job_status('10001', 'falsch', $sent->{JobId});

my $bulk = send_job('10001', 'demo', 1, undef, read_file('recipients.csv'), 'Schöne Grüße an alle');
my $bulk_status = finished($bulk->{JobId});
write_file('bulk.csv', $bulk_status->{StatusFile});

print JSON::PP->new->ascii->encode({
    sent => report($sent),
    status => report($status),
    received => report($received),
    deleted => report($deleted),
    deleted_again => report($deleted_again),
    nothing_received => report($nothing_received),
    send_at => strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $tomorrow),
    scheduled => report($scheduled),
    scheduled_status => report($scheduled_status),
    cancelled => report($cancelled),
    cancelled_status => report($cancelled_status),
    cancelled_again => report($cancelled_again),
    wrong_password => report($wrong_password),
    unknown_account => report($unknown_account),
    unknown_job => report($unknown_job),
    status_wrong_password => report($status_wrong_password),
    bulk => report($bulk),
    bulk_status => report($bulk_status),
}), "\n";
