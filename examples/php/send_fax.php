<?php

// Sends a file by fax, waits until it is sent, and shows the report.
//
//     php send_fax.php FILE NUMBER
//
// Ends with 0 if the fax went out, else with 1.

declare(strict_types=1);

require __DIR__ . '/connect.php';

const FAX = 0;
const IN_WORK = 6;

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
if ($job['return'] !== 0) {
    fail("SendJob refused the fax with code {$job['return']}");
}
echo "Job {$job['JobId']}: {$job['PageCount']} pages to {$job['RecipientsCount']} recipient\n";

$began = time();
while (($status = $fax->JobStatus($account, $password, $job['JobId']))['return'] === IN_WORK) {
    echo "\rin work for ", time() - $began, ' s';
    sleep(1);
}
if ($status['return'] !== 0) {
    fail("\nJobStatus answered with code {$status['return']}");
}
echo "\r{$status['SendResult']} at {$status['SendDateTime']}, answered by '{$status['RemoteId']}'\n";
echo $status['StatusFile'];
exit($status['SendResult'] === 'OK' ? 0 : 1);
