// A FAX.de customer's program with the proxy class that `wsdl` makes. Usage: mono Scenario.exe ADDRESS FOLDER

using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Web.Script.Serialization;

// One answer as it is reported: the code and the outs, moments in UTC, files by their length.
class Answer : Dictionary<string, object>
{
    public byte[] File;

    public Answer(int code)
    {
        Add("return", code);
    }

    public int JobId { get { return (int)this["JobId"]; } }

    public void AddMoment(string name, DateTime moment)
    {
        Add(name, moment.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"));
    }

    public void AddFile(string name, byte[] file)
    {
        Add(name, file.Length);
        File = file;
    }
}

static class Scenario
{
    static readonly DateTime Now = DateTime.MinValue;  // a DateTime cannot be left out: the past means now

    static readonly IntfXMLWSservice fax = new IntfXMLWSservice();

    static Answer SendJob(string account, string password, int jobType, string recipient, byte[] recipientFile,
                          string text, string filename, byte[] file, DateTime sendAt, string options)
    {
        int jobId, recipientsCount, pageCount;
        int code = fax.SendJob(account, password, jobType, recipient, recipientFile, text, filename, file,
                               null, null, null, null, sendAt, options, out jobId, out recipientsCount, out pageCount);
        return new Answer(code) { { "JobId", jobId }, { "RecipientsCount", recipientsCount }, { "PageCount", pageCount } };
    }

    static Answer SendMessage(string account, string password)
    {
        return SendJob(account, password, 1, "+4917139200000", null, "Test", null, null, Now, null);
    }

    static Answer JobStatus(string password, int jobId)
    {
        string sendResult, remoteId;
        DateTime sendDateTime;
        byte[] statusFile;
        int code = fax.JobStatus("10001", password, jobId, out sendResult, out sendDateTime, out remoteId, out statusFile);
        var answer = new Answer(code) { { "SendResult", sendResult }, { "RemoteId", remoteId } };
        answer.AddMoment("SendDateTime", sendDateTime);
        answer.AddFile("StatusFile", statusFile);
        return answer;
    }

    static Answer Finished(int jobId)
    {
        for (int poll = 0; poll < 300; poll++)
        {
            var answer = JobStatus("demo", jobId);
            if ((int)answer["return"] != 6) return answer;
            Thread.Sleep(200);
        }
        throw new TimeoutException("job " + jobId + " does not become final");
    }

    static Answer CancelJob(int jobId)
    {
        return new Answer(fax.CancelJob("10001", "demo", jobId));
    }

    static Answer RequestReceived()
    {
        long faxId;
        int pages;
        string calledNumber, originator, remoteId;
        DateTime receiveDate;
        byte[] faxImage;
        int code = fax.RequestReceived("10002", "demo", out faxId, out calledNumber, out receiveDate, out originator,
                                       out remoteId, out pages, out faxImage);
        var answer = new Answer(code) {
            { "FaxId", faxId }, { "CalledNumber", calledNumber }, { "Originator", originator }, { "RemoteId", remoteId },
            { "Pages", pages }
        };
        answer.AddMoment("ReceiveDate", receiveDate);
        answer.AddFile("FaxImage", faxImage);
        return answer;
    }

    static Answer DeleteReceived(long faxId)
    {
        return new Answer(fax.DeleteReceived("10002", "demo", faxId));
    }

    static void Main(string[] arguments)
    {
        fax.Url = arguments[0] + "/xmlws.exe/soap/IntfXMLWS";
        string folder = arguments[1];
        var answers = new Dictionary<string, object>();

        var sent = SendJob("10001", "demo", 0, "+493023125200[Ref-Ä1]", null, "Grüße aus Köln – 5 €",
                           "Anhang-Ümläut.pdf", File.ReadAllBytes(Path.Combine(folder, "document.pdf")), Now,
                           "STATIONID=Müller GmbH;FAXHEADER=Test");
        answers["sent"] = sent;
        var status = Finished(sent.JobId);
        answers["status"] = status;
        File.WriteAllBytes(Path.Combine(folder, "status.csv"), status.File);

        var received = RequestReceived();
        answers["received"] = received;
        File.WriteAllBytes(Path.Combine(folder, "fax.tif"), received.File);
        answers["deleted"] = DeleteReceived((long)received["FaxId"]);
        answers["deleted_again"] = DeleteReceived((long)received["FaxId"]);
        answers["nothing_received"] = RequestReceived();

        DateTime sendAt = DateTime.Now.AddDays(1);  // local time: travels with its offset
        answers["send_at"] = sendAt.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
        var scheduled = SendJob("10001", "demo", 1, "+4917139200000", null, "Die Tür öffnet früh", null, null, sendAt,
                                "SMSFROM=Praxis");
        answers["scheduled"] = scheduled;
        answers["scheduled_status"] = JobStatus("demo", scheduled.JobId);
        answers["cancelled"] = CancelJob(scheduled.JobId);
        answers["cancelled_status"] = JobStatus("demo", scheduled.JobId);
        answers["cancelled_again"] = CancelJob(scheduled.JobId);

        answers["wrong_password"] = SendMessage("10001", "falsch");
        answers["unknown_account"] = SendMessage("99999", "demo");
        answers["unknown_job"] = JobStatus("demo", 999999);
        answers["status_wrong_password"] = JobStatus("falsch", sent.JobId);

        var bulk = SendJob("10001", "demo", 1, null, File.ReadAllBytes(Path.Combine(folder, "recipients.csv")),
                           "Schöne Grüße an alle", null, null, Now, null);
        answers["bulk"] = bulk;
        var bulkStatus = Finished(bulk.JobId);
        answers["bulk_status"] = bulkStatus;
        File.WriteAllBytes(Path.Combine(folder, "bulk.csv"), bulkStatus.File);

        Console.WriteLine(new JavaScriptSerializer().Serialize(answers));
    }
}
