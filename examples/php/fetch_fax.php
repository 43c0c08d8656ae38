<?php

// Fetches all received faxes into a folder. Each is deleted from the server only when it is safe on the disk.
//
//     php fetch_fax.php [FOLDER]

declare(strict_types=1);

require __DIR__ . '/connect.php';

const NONE_THERE = 5;

/** Writes a file that is whole or not there at all. */
function save(string $path, string $content): void
{
    $unfinished = "$path.part";
    $file = fopen($unfinished, 'wb');
    $saved = $file !== false
        && fwrite($file, $content) === strlen($content)
        && fsync($file)
        && fclose($file)
        && rename($unfinished, $path);
    if (!$saved) {
        fail("cannot save $path; the fax stays on the server");
    }
}

$folder = $argv[1] ?? '.';
$fetched = 0;
while (($received = $fax->RequestReceived($account, $password))['return'] === 0) {
    $path = "$folder/fax-{$received['FaxId']}.tif";
    if (file_exists($path)) {
        fail("$path is there already: name another folder");
    }
    save($path, $received['FaxImage']);
    $code = $fax->DeleteReceived($account, $password, $received['FaxId']);
    if ($code !== 0) {
        fail("DeleteReceived answered with code $code");
    }
    echo "$path: pages: {$received['Pages']}, from {$received['Originator']} '{$received['RemoteId']}', ",
        "received {$received['ReceiveDate']} on {$received['CalledNumber']}\n";
    $fetched++;
}
if ($received['return'] !== NONE_THERE) {
    fail("RequestReceived answered with code {$received['return']}, see docs/reference/codes.md");
}
if ($fetched === 0) {
    echo "no fax is waiting\n";
}
