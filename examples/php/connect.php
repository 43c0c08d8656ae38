<?php

// Where the service is and who asks; without these variables it is the demo.

declare(strict_types=1);

$address = getenv('FAX_ADDRESS') ?: 'http://127.0.0.1:8080';
$account = getenv('FAX_ACCOUNT') ?: '10001';
$password = getenv('FAX_PASSWORD') ?: 'demo';

function fail(string $message): never
{
    fwrite(STDERR, "$message\n");
    exit(1);
}

set_exception_handler(fn (Throwable $error) => fail($error->getMessage()));

$fax = new SoapClient("$address/xmlws.exe?/wsdl/IntfXMLWS", ['cache_wsdl' => WSDL_CACHE_NONE]);
