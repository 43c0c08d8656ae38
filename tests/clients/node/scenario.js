// A FAX.de customer's program with the npm package soap. Usage: node scenario.js ADDRESS FOLDER

import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import soap from 'soap';

const [address, folder] = process.argv.slice(2);
const fax = await soap.createClientAsync(`${address}/xmlws.exe?/wsdl/IntfXMLWS`);

const customer = { Account: '10001', Password: 'demo' };
const receiver = { Account: '10002', Password: 'demo' };

// The package leaves base64 to the program, in both directions.
const encoded = (name) => readFileSync(`${folder}/${name}`).toString('base64');
const decoded = (text) => Buffer.from(text, 'base64');
const utc = (moment) => moment.toISOString().replace(/\.\d+Z$/, 'Z');

// Each value of an answer comes as { attributes, $value }; an empty one has no $value. From an operation's second
// answer on, the package leaves numbers and moments as text.
const texts = ['SendResult', 'RemoteId', 'StatusFile', 'CalledNumber', 'Originator', 'FaxImage'];
const moments = ['SendDateTime', 'ReceiveDate'];

function plain(name, { $value = '' }) {
  if (texts.includes(name)) return $value;
  return moments.includes(name) ? new Date($value) : Number($value);
}

async function call(operation, parameters) {
  const [values] = await fax[`${operation}Async`](parameters);
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, plain(name, value)]));
}

async function finished(jobId) {
  for (let poll = 0; poll < 300; poll++) {
    const answer = await call('JobStatus', { ...customer, JobId: jobId });
    if (answer.return !== 6) return answer;
    await sleep(200);
  }
  throw new Error(`job ${jobId} does not become final`);
}

// The answer as it is reported: moments in UTC, files by their length.
function report(answer) {
  const shown = { ...answer };
  for (const name of moments) if (name in shown) shown[name] = utc(shown[name]);
  for (const name of ['StatusFile', 'FaxImage']) if (name in shown) shown[name] = decoded(shown[name]).length;
  return shown;
}

// The package cannot send null in rpc style: it fails on it before anything goes out. Its attribute can be had.
const nil = { attributes: { 'xsi:nil': 'true' } };

const sent = await call('SendJob', {
  ...customer,
  JobType: 0,
  Recipient: '+493023125200[Ref-Ä1]',
  RecipientFile: nil,
  SendText: 'Grüße aus Köln – 5 €',
  SendFilename1: 'Anhang-Ümläut.pdf',
  SendFile1: encoded('document.pdf'),
  SendDateTime: undefined,
  Options: 'STATIONID=Müller GmbH;FAXHEADER=Test',
});
const status = await finished(sent.JobId);
writeFileSync(`${folder}/status.csv`, decoded(status.StatusFile));

const received = await call('RequestReceived', receiver);
writeFileSync(`${folder}/fax.tif`, decoded(received.FaxImage));
const deleted = await call('DeleteReceived', { ...receiver, FaxId: received.FaxId });
const deletedAgain = await call('DeleteReceived', { ...receiver, FaxId: received.FaxId });
const nothingReceived = await call('RequestReceived', receiver);

// The package sends a Date as an empty element: it has to be text.
const sendAt = new Date(Date.now() + 24 * 60 * 60 * 1000);
const scheduled = await call('SendJob', {
  ...customer,
  JobType: 1,
  Recipient: '+4917139200000',
  SendText: 'Die Tür öffnet früh',
  SendDateTime: sendAt.toISOString(),
  Options: 'SMSFROM=Praxis',
});
const scheduledStatus = await call('JobStatus', { ...customer, JobId: scheduled.JobId });
const cancelled = await call('CancelJob', { ...customer, JobId: scheduled.JobId });
const cancelledStatus = await call('JobStatus', { ...customer, JobId: scheduled.JobId });
const cancelledAgain = await call('CancelJob', { ...customer, JobId: scheduled.JobId });

const test = { JobType: 1, Recipient: '+4917139200000', SendText: 'Test' };
const wrongPassword = await call('SendJob', { Account: '10001', Password: 'falsch', ...test });
const unknownAccount = await call('SendJob', { Account: '99999', Password: 'demo', ...test });
const unknownJob = await call('JobStatus', { ...customer, JobId: 999999 });
const statusWrongPassword = await call('JobStatus', { Account: '10001', Password: 'falsch', JobId: sent.JobId });

const bulk = await call('SendJob', {
  ...customer,
  JobType: 1,
  RecipientFile: encoded('recipients.csv'),
  SendText: 'Schöne Grüße an alle',
});
const bulkStatus = await finished(bulk.JobId);
writeFileSync(`${folder}/bulk.csv`, decoded(bulkStatus.StatusFile));

console.log(JSON.stringify({
  sent,
  status: report(status),
  received: report(received),
  deleted,
  deleted_again: deletedAgain,
  nothing_received: report(nothingReceived),
  send_at: utc(sendAt),
  scheduled,
  scheduled_status: report(scheduledStatus),
  cancelled,
  cancelled_status: report(cancelledStatus),
  cancelled_again: cancelledAgain,
  wrong_password: wrongPassword,
  unknown_account: unknownAccount,
  unknown_job: report(unknownJob),
  status_wrong_password: report(statusWrongPassword),
  bulk,
  bulk_status: report(bulkStatus),
}));
