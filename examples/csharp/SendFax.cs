// Sends a file by fax, waits until it is sent, and shows the report.
//
//     mono SendFax.exe FILE NUMBER
//
// Ends with 0 if the fax went out, else with 1.

using System;
using System.IO;
using System.Text;
using System.Threading;

static class SendFax
{
    const int Fax = 0;
    const int Double = -77;
    const int InWork = 6;
    const int Patience = 3600;  // seconds; a busy number is dialled again after 1, 5 and 10 minutes

    static int Main(string[] arguments)
    {
        if (arguments.Length != 2)
        {
            Console.Error.WriteLine("usage: mono SendFax.exe FILE NUMBER");
            return 1;
        }
        try
        {
            return Send(arguments[0], arguments[1]);
        }
        catch (Exception error)
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }
    }

    static int Send(string file, string number)
    {
        var service = Connection.Open();
        int jobId, recipientsCount, pageCount;
        int code = service.SendJob(
            Connection.Account, Connection.Password, Fax, number, null,  // RecipientFile: not needed for one recipient
            "",                                                          // SendText: no cover page
            Path.GetFileName(file), File.ReadAllBytes(file), null, null, null, null,
            DateTime.MinValue,                                           // SendDateTime: the past means now
            "",                                                          // Options
            out jobId, out recipientsCount, out pageCount);
        if (code == Double)
        {
            Console.WriteLine("The same order is job {0} already: nothing is sent a second time", jobId);
        }
        else if (code != 0)
        {
            Console.Error.WriteLine("SendJob refused the fax with code {0}, see docs/reference/codes.md", code);
            return 1;
        }
        Console.WriteLine("Job {0}: pages: {1}, recipients: {2}", jobId, pageCount, recipientsCount);
        return Wait(service, jobId);
    }

    static int Wait(IntfXMLWSservice service, int jobId)
    {
        string result, remoteId;
        DateTime sentAt;
        byte[] report;
        DateTime began = DateTime.UtcNow;
        int code;
        while ((code = service.JobStatus(Connection.Account, Connection.Password, jobId,
                                         out result, out sentAt, out remoteId, out report)) == InWork)
        {
            double seconds = (DateTime.UtcNow - began).TotalSeconds;
            if (seconds > Patience)
            {
                Console.Error.WriteLine("\nstill in work: ask for job {0} later", jobId);
                return 1;
            }
            Console.Write("\rin work for {0:0} s", seconds);
            Thread.Sleep(1000);
        }
        if (code != 0)
        {
            Console.Error.WriteLine("\nJobStatus answered with code {0}", code);
            return 1;
        }
        Console.WriteLine("\r{0} at {1:u}, answered by '{2}'", result, sentAt.ToUniversalTime(), remoteId);
        Console.Write(Encoding.UTF8.GetString(report));
        return result == "OK" ? 0 : 1;
    }
}
