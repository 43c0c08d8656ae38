// A FAX.de customer's program with the classes that wsimport makes, document/literal. Usage: java JaxwsCustomer ADDRESS FOLDER

import de.fax.IntfXMLWSDoc;
import de.fax.IntfXMLWSDocService;
import java.net.URL;
import java.time.Instant;
import java.util.GregorianCalendar;
import javax.xml.datatype.DatatypeConfigurationException;
import javax.xml.datatype.DatatypeFactory;
import javax.xml.datatype.XMLGregorianCalendar;
import javax.xml.ws.Holder;

public class JaxwsCustomer extends Scenario {
    private final IntfXMLWSDoc fax;

    JaxwsCustomer(IntfXMLWSDoc fax) {
        this.fax = fax;
    }

    private static XMLGregorianCalendar xml(GregorianCalendar moment) throws DatatypeConfigurationException {
        return moment == null ? null : DatatypeFactory.newInstance().newXMLGregorianCalendar(moment);
    }

    private static Instant instant(XMLGregorianCalendar moment) {
        return moment.toGregorianCalendar().toInstant();
    }

    @Override
    Answer sendJob(String account, String password, int jobType, String recipient, byte[] recipientFile, String text,
                   String filename, byte[] file, GregorianCalendar sendAt, String options)
        throws DatatypeConfigurationException {
        Holder<Integer> jobId = new Holder<>();
        Holder<Integer> recipientsCount = new Holder<>();
        Holder<Integer> pageCount = new Holder<>();
        int code = fax.sendJob(account, password, jobType, recipient, recipientFile, text, filename, file,
                               null, null, null, null, xml(sendAt), options, jobId, recipientsCount, pageCount);
        return new Answer(code)
            .with("JobId", jobId.value)
            .with("RecipientsCount", recipientsCount.value)
            .with("PageCount", pageCount.value);
    }

    @Override
    Answer jobStatus(String password, int jobId) {
        Holder<String> sendResult = new Holder<>();
        Holder<XMLGregorianCalendar> sendDateTime = new Holder<>();
        Holder<String> remoteId = new Holder<>();
        Holder<byte[]> statusFile = new Holder<>();
        int code = fax.jobStatus("10001", password, jobId, sendResult, sendDateTime, remoteId, statusFile);
        return new Answer(code)
            .with("SendResult", sendResult.value)
            .withMoment("SendDateTime", instant(sendDateTime.value))
            .with("RemoteId", remoteId.value)
            .withFile("StatusFile", statusFile.value);
    }

    @Override
    Answer cancelJob(int jobId) {
        return new Answer(fax.cancelJob("10001", "demo", jobId));
    }

    @Override
    Answer requestReceived() {
        Holder<Long> faxId = new Holder<>();
        Holder<String> calledNumber = new Holder<>();
        Holder<XMLGregorianCalendar> receiveDate = new Holder<>();
        Holder<String> originator = new Holder<>();
        Holder<String> remoteId = new Holder<>();
        Holder<Integer> pages = new Holder<>();
        Holder<byte[]> faxImage = new Holder<>();
        int code = fax.requestReceived("10002", "demo", faxId, calledNumber, receiveDate, originator, remoteId, pages,
                                       faxImage);
        return new Answer(code)
            .with("FaxId", faxId.value)
            .with("CalledNumber", calledNumber.value)
            .withMoment("ReceiveDate", instant(receiveDate.value))
            .with("Originator", originator.value)
            .with("RemoteId", remoteId.value)
            .with("Pages", pages.value)
            .withFile("FaxImage", faxImage.value);
    }

    @Override
    Answer deleteReceived(long faxId) {
        return new Answer(fax.deleteReceived("10002", "demo", faxId));
    }

    public static void main(String[] arguments) throws Exception {
        URL wsdl = new URL(arguments[0] + "/soapdoc/IntfXMLWS?wsdl");
        new JaxwsCustomer(new IntfXMLWSDocService(wsdl).getIntfXMLWSDocPort()).print(arguments[1]);
    }
}
