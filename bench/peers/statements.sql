-- What one SendJob reads and writes, for both peers, against Depesche's own tables.

-- account: number
SELECT id, password_hash FROM account WHERE number = ?1;

-- double: account, order key
SELECT id FROM job WHERE account_id = ?1 AND order_key = ?2 AND final_at IS NULL ORDER BY id DESC LIMIT 1;

-- job: account, type, order key, options, text, seconds since 1970 when it is due
INSERT INTO job (
    account_id, type, order_key, options, text, created_at, send_at, sending,
    repeats, recipients, pages, open, not_ok, warnings
) VALUES (
    ?1, ?2, ?3, ?4, ?5, strftime('%Y-%m-%d %H:%M:%f000', 'now'), strftime('%Y-%m-%d %H:%M:%f000', ?6, 'unixepoch'),
    '{"station_id": "Muster GmbH", "fax_header": "+493023125100", "caller_number": "+493023125100", "sender": "Muster", "subject": "Nachricht von Muster GmbH", "flash": false, "status_url": ""}',
    3, 1, 1, 1, 0, '[]'
);

-- delivery: job, account, channel, address, reference, seconds since 1970 when it is due
INSERT INTO delivery (
    job_id, account_id, channel, position, address, reference, state, due_at,
    fence, attempts, cancel_requested, code, pages, remote_id, seconds
) VALUES (
    ?1, ?2, ?3, 0, ?4, ?5, 'waiting', strftime('%Y-%m-%d %H:%M:%f000', ?6, 'unixepoch'), 0, 0, 0, 0, 0, '', 0
);

-- document: job, file name, key, size
INSERT INTO document (job_id, position, role, filename, format, pages, blob_key, size, sha256)
VALUES (?1, 0, 'source', ?2, 'other', 0, ?3, ?4, '');

-- event: job, account
INSERT INTO event (at, kind, account_id, job_id, data)
VALUES (strftime('%Y-%m-%d %H:%M:%f000', 'now'), 'job.accepted', ?2, ?1, '{}');
