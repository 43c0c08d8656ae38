<?php

// Sends a file by fax, waits until it is sent, and shows the report.
//
//     php send_fax.php FILE NUMBER
//
// Ends with 0 if the fax went out, else with 1.

declare(strict_types=1);

require __DIR__ . '/connect.php';

const FAX = 0;
const DOUBLE = -77;
const IN_WORK = 6;
const PATIENCE = 3600; // seconds; a busy number is dialled again after 1, 5 and 10 minutes

if ($argc !== 3) {
    fail('usage: php send_fax.php FILE NUMBER');
}
[, $file, $number] = $argv;
$content = @file_get_contents($file);
if ($content === false) {
    fail("cannot read $file");
}

$job = $fax->SendJob(
    $account, $password, FAX, $number, null,   // RecipientFile: not needed for one recipient
    '',                                        // SendText: no cover page
    basename($file), $content, null, null, null, null,
    null,                                      // SendDateTime: now
    ''                                         // Options
);
if ($job['return'] === DOUBLE) {
    echo "The same order is job {$job['JobId']} already: nothing is sent a second time\n";
} elseif ($job['return'] !== 0) {
    fail("SendJob refused the fax with code {$job['return']}, see docs/reference/codes.md");
}
echo "Job {$job['JobId']}: pages: {$job['PageCount']}, recipients: {$job['RecipientsCount']}\n";

$began = time();
while (($status = $fax->JobStatus($account, $password, $job['JobId']))['return'] === IN_WORK) {
    if (time() - $began > PATIENCE) {
        fail("\nstill in work: ask for job {$job['JobId']} later");
    }
    echo "\rin work for ", time() - $began, ' s';
    sleep(1);
}
if ($status['return'] !== 0) {
    fail("\nJobStatus answered with code {$status['return']}");
}
echo "\r{$status['SendResult']} at {$status['SendDateTime']}, answered by '{$status['RemoteId']}'\n";
echo $status['StatusFile'];
exit($status['SendResult'] === 'OK' ? 0 : 1);
