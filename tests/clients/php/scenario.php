<?php

// A FAX.de customer's program with PHP's SoapClient. Usage: php scenario.php ADDRESS FOLDER

declare(strict_types=1);

[, $address, $folder] = $argv;
$fax = new SoapClient("$address/xmlws.exe?/wsdl/IntfXMLWS", ['cache_wsdl' => WSDL_CACHE_NONE]);

function utc(DateTimeInterface $moment): string
{
    return $moment->setTimezone(new DateTimeZone('UTC'))->format('Y-m-d\TH:i:s\Z');
}

/** The answer as it is reported: moments in UTC, files by their length. */
function report(array $answer): array
{
    foreach (array_intersect(['SendDateTime', 'ReceiveDate'], array_keys($answer)) as $name) {
        $answer[$name] = utc(new DateTimeImmutable($answer[$name]));
    }
    foreach (array_intersect(['StatusFile', 'FaxImage'], array_keys($answer)) as $name) {
        $answer[$name] = strlen($answer[$name]);
    }
    return $answer;
}

function finished(SoapClient $fax, int $jobId): array
{
    for ($poll = 0; $poll < 300; $poll++) {
        $answer = $fax->JobStatus('10001', 'demo', $jobId);
        if ($answer['return'] !== 6) {
            return $answer;
        }
        usleep(200_000);
    }
    throw new RuntimeException("job $jobId does not become final");
}

$sent = $fax->SendJob(
    '10001', 'demo', 0, '+493023125200[Ref-Ä1]', null, 'Grüße aus Köln – 5 €',
    'Anhang-Ümläut.pdf', file_get_contents("$folder/document.pdf"), null, null, null, null,
    null, 'STATIONID=Müller GmbH;FAXHEADER=Test'
);
$status = finished($fax, $sent['JobId']);
file_put_contents("$folder/status.csv", $status['StatusFile']);

$received = $fax->RequestReceived('10002', 'demo');
file_put_contents("$folder/fax.tif", $received['FaxImage']);
$deleted = $fax->DeleteReceived('10002', 'demo', $received['FaxId']);
$deletedAgain = $fax->DeleteReceived('10002', 'demo', $received['FaxId']);
$nothingReceived = $fax->RequestReceived('10002', 'demo');

$sendAt = new DateTimeImmutable('+1 day', new DateTimeZone('Europe/Berlin'));
$scheduled = $fax->SendJob(
    '10001', 'demo', 1, '+4917139200000', null, 'Die Tür öffnet früh',
    null, null, null, null, null, null, $sendAt->format(DATE_ATOM), 'SMSFROM=Praxis'
);
$scheduledStatus = $fax->JobStatus('10001', 'demo', $scheduled['JobId']);
$cancelled = $fax->CancelJob('10001', 'demo', $scheduled['JobId']);
$cancelledStatus = $fax->JobStatus('10001', 'demo', $scheduled['JobId']);
$cancelledAgain = $fax->CancelJob('10001', 'demo', $scheduled['JobId']);

// Arguments at the end may simply be missing.
$wrongPassword = $fax->SendJob('10001', 'falsch', 1, '+4917139200000', null, 'Test');
$unknownAccount = $fax->SendJob('99999', 'demo', 1, '+4917139200000', null, 'Test');
$unknownJob = $fax->JobStatus('10001', 'demo', 999999);
$statusWrongPassword = $fax->JobStatus('10001', 'falsch', $sent['JobId']);

$bulk = $fax->SendJob(
    '10001', 'demo', 1, null, file_get_contents("$folder/recipients.csv"), 'Schöne Grüße an alle'
);
$bulkStatus = finished($fax, $bulk['JobId']);
file_put_contents("$folder/bulk.csv", $bulkStatus['StatusFile']);

echo json_encode([
    'sent' => $sent,
    'status' => report($status),
    'received' => report($received),
    'deleted' => ['return' => $deleted],
    'deleted_again' => ['return' => $deletedAgain],
    'nothing_received' => report($nothingReceived),
    'send_at' => utc($sendAt),
    'scheduled' => $scheduled,
    'scheduled_status' => report($scheduledStatus),
    'cancelled' => ['return' => $cancelled],
    'cancelled_status' => report($cancelledStatus),
    'cancelled_again' => ['return' => $cancelledAgain],
    'wrong_password' => $wrongPassword,
    'unknown_account' => $unknownAccount,
    'unknown_job' => report($unknownJob),
    'status_wrong_password' => report($statusWrongPassword),
    'bulk' => $bulk,
    'bulk_status' => report($bulkStatus),
], JSON_PRETTY_PRINT | JSON_THROW_ON_ERROR), "\n";
