<?php
// The peer: SendJob as one would write it with PHP's own SoapServer, PDO and APCu. See ../statements.sql.

declare(strict_types=1);

const STATEMENTS = __DIR__ . '/statements.php';
const VERIFIED_SECONDS = 300;

final class Refused extends Exception
{
}

final class SendJob
{
    private PDO $database;
    private array $statements;

    public function __construct(private string $folder)
    {
        $this->statements = require STATEMENTS;
        $this->database = new PDO("sqlite:$folder/depesche.db", options: [
            PDO::ATTR_PERSISTENT => true,
            PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
            PDO::ATTR_TIMEOUT => 30,
        ]);
        $this->database->exec('PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
    }

    public function SendJob(
        $Account, $Password, $JobType, $Recipient, $RecipientFile, $SendText, $SendFilename1, $SendFile1,
        $SendFilename2, $SendFile2, $SendFilename3, $SendFile3, $SendDateTime, $Options
    ): array {
        try {
            $account = $this->authenticate((string) $Account, (string) $Password);
            if ((string) $Recipient === '') {
                throw new Refused(code: 8);
            }
            if ((string) $SendText === '' && (string) $SendFile1 === '') {
                throw new Refused(code: 75);
            }
            $file = $this->keep((string) $SendFile1);
            $due = max((int) strtotime((string) $SendDateTime), time());
            $order = [(int) $JobType, (string) $Recipient, (string) $SendText, (string) $Options, (string) $SendFilename1];
            return self::answer(0, $this->write($account, $order, $file, strlen((string) $SendFile1), $due));
        } catch (Refused $refused) {
            return self::answer($refused->getCode(), 0);
        }
    }

    private static function answer(int $code, int $job): array
    {
        $one = (int) ($code === 0);
        return ['return' => $code, 'JobId' => $job, 'RecipientsCount' => $one, 'PageCount' => $one];
    }

    private function authenticate(string $number, string $password): int
    {
        $row = $this->run('account', [$number])->fetch(PDO::FETCH_NUM);
        if ($row === false) {
            throw new Refused(code: -2);
        }
        [$id, $hash] = $row;
        $mark = hash('sha256', "$hash\0$password");
        if (!apcu_exists($mark)) {
            if (!password_verify($password, $hash)) {
                throw new Refused(code: -1);
            }
            apcu_store($mark, true, VERIFIED_SECONDS);
        }
        return (int) $id;
    }

    private function keep(string $content): string
    {
        if ($content === '') {
            return '';
        }
        $key = bin2hex(random_bytes(16));
        $file = fopen("$this->folder/$key", 'xb');
        fwrite($file, $content);
        fsync($file);
        fclose($file);
        return $key;
    }

    private function write(int $account, array $order, string $file, int $size, int $due): int
    {
        [$type, $recipient, $text, $options, $filename] = $order;
        [$address, $reference] = explode('[', rtrim($recipient, ']') . '[');
        $key = hash('sha256', implode("\0", $order));
        $this->database->exec('BEGIN IMMEDIATE');
        try {
            if ($this->run('double', [$account, $key])->fetchColumn() !== false) {
                throw new Refused(code: -77);
            }
            $this->run('job', [$account, $type, $key, $options, $text, $due]);
            $job = (int) $this->database->lastInsertId();
            $channel = $type === 1 ? 'sms' : 'mail';
            $this->run('delivery', [$job, $account, $channel, $address, $reference, $due]);
            if ($file !== '') {
                $this->run('document', [$job, $filename, $file, $size]);
            }
            $this->run('event', [$job, $account]);
            $this->database->exec('COMMIT');
            return $job;
        } catch (Throwable $error) {
            $this->database->exec('ROLLBACK');
            throw $error;
        }
    }

    private function run(string $name, array $values): PDOStatement
    {
        $statement = $this->database->prepare($this->statements[$name]);
        foreach ($values as $place => $value) {
            $statement->bindValue($place + 1, $value, is_int($value) ? PDO::PARAM_INT : PDO::PARAM_STR);
        }
        $statement->execute();
        return $statement;
    }
}

$server = new SoapServer(__DIR__ . '/service.wsdl', ['cache_wsdl' => WSDL_CACHE_BOTH]);
$server->setObject(new SendJob($_SERVER['DATA']));
$server->handle();
