import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Calendar;
import java.util.GregorianCalendar;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TimeZone;

/** What both Java programs do; how they call is their own business. */
abstract class Scenario {
    /** Files 2 and 3 are null; a null {@code sendAt} means now. */
    abstract Answer sendJob(String account, String password, int jobType, String recipient, byte[] recipientFile,
                            String text, String filename, byte[] file, GregorianCalendar sendAt, String options)
        throws Exception;

    abstract Answer jobStatus(String password, int jobId) throws Exception;

    abstract Answer cancelJob(int jobId) throws Exception;

    abstract Answer requestReceived() throws Exception;

    abstract Answer deleteReceived(long faxId) throws Exception;

    Answer sendMessage(String account, String password) throws Exception {
        return sendJob(account, password, 1, "+4917139200000", null, "Test", null, null, null, null);
    }

    Answer finished(int jobId) throws Exception {
        for (int poll = 0; poll < 300; poll++) {
            Answer answer = jobStatus("demo", jobId);
            if (answer.code() != 6) return answer;
            Thread.sleep(200);
        }
        throw new IllegalStateException("job " + jobId + " does not become final");
    }

    private Map<String, Object> run(Path folder) throws Exception {
        Map<String, Object> answers = new LinkedHashMap<>();

        Answer sent = sendJob("10001", "demo", 0, "+493023125200[Ref-Ä1]", null, "Grüße aus Köln – 5 €",
                              "Anhang-Ümläut.pdf", Files.readAllBytes(folder.resolve("document.pdf")), null,
                              "STATIONID=Müller GmbH;FAXHEADER=Test");
        answers.put("sent", sent);
        Answer status = finished(sent.jobId());
        answers.put("status", status);
        Files.write(folder.resolve("status.csv"), status.file);

        Answer received = requestReceived();
        answers.put("received", received);
        Files.write(folder.resolve("fax.tif"), received.file);
        answers.put("deleted", deleteReceived((long) received.get("FaxId")));
        answers.put("deleted_again", deleteReceived((long) received.get("FaxId")));
        answers.put("nothing_received", requestReceived());

        GregorianCalendar sendAt = new GregorianCalendar(TimeZone.getTimeZone("Europe/Berlin"));
        sendAt.add(Calendar.HOUR, 24);
        answers.put("send_at", Answer.utc(sendAt.toInstant()));
        Answer scheduled = sendJob("10001", "demo", 1, "+4917139200000", null, "Die Tür öffnet früh", null, null, sendAt,
                                   "SMSFROM=Praxis");
        answers.put("scheduled", scheduled);
        answers.put("scheduled_status", jobStatus("demo", scheduled.jobId()));
        answers.put("cancelled", cancelJob(scheduled.jobId()));
        answers.put("cancelled_status", jobStatus("demo", scheduled.jobId()));
        answers.put("cancelled_again", cancelJob(scheduled.jobId()));

        answers.put("wrong_password", sendMessage("10001", "falsch"));
        answers.put("unknown_account", sendMessage("99999", "demo"));
        answers.put("unknown_job", jobStatus("demo", 999999));
        answers.put("status_wrong_password", jobStatus("falsch", sent.jobId()));

        Answer bulk = sendJob("10001", "demo", 1, null, Files.readAllBytes(folder.resolve("recipients.csv")),
                              "Schöne Grüße an alle", null, null, null, null);
        answers.put("bulk", bulk);
        Answer bulkStatus = finished(bulk.jobId());
        answers.put("bulk_status", bulkStatus);
        Files.write(folder.resolve("bulk.csv"), bulkStatus.file);
        return answers;
    }

    /** Runs all steps with the files of {@code folder} and prints the answers as JSON. */
    void print(String folder) throws Exception {
        new PrintStream(System.out, true, "UTF-8").println(Answer.json(run(Path.of(folder))));
    }
}
