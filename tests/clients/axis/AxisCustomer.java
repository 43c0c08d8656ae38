// A FAX.de customer's program with the stub that WSDL2Java of Axis 1.4 makes. Usage: java AxisCustomer ADDRESS FOLDER

import java.net.URL;
import java.rmi.RemoteException;
import java.util.GregorianCalendar;
import javax.xml.rpc.holders.ByteArrayHolder;
import javax.xml.rpc.holders.CalendarHolder;
import javax.xml.rpc.holders.IntHolder;
import javax.xml.rpc.holders.LongHolder;
import javax.xml.rpc.holders.StringHolder;
import org.tempuri.IntfXMLWS;
import org.tempuri.IntfXMLWSserviceLocator;

public class AxisCustomer extends Scenario {
    private final IntfXMLWS fax;

    AxisCustomer(IntfXMLWS fax) {
        this.fax = fax;
    }

    @Override
    Answer sendJob(String account, String password, int jobType, String recipient, byte[] recipientFile, String text,
                   String filename, byte[] file, GregorianCalendar sendAt, String options) throws RemoteException {
        IntHolder jobId = new IntHolder();
        IntHolder recipientsCount = new IntHolder();
        IntHolder pageCount = new IntHolder();
        int code = fax.sendJob(account, password, jobType, recipient, recipientFile, text, filename, file,
                               null, null, null, null, sendAt, options, jobId, recipientsCount, pageCount);
        return new Answer(code)
            .with("JobId", jobId.value)
            .with("RecipientsCount", recipientsCount.value)
            .with("PageCount", pageCount.value);
    }

    @Override
    Answer jobStatus(String password, int jobId) throws RemoteException {
        StringHolder sendResult = new StringHolder();
        CalendarHolder sendDateTime = new CalendarHolder();
        StringHolder remoteId = new StringHolder();
        ByteArrayHolder statusFile = new ByteArrayHolder();
        int code = fax.jobStatus("10001", password, jobId, sendResult, sendDateTime, remoteId, statusFile);
        return new Answer(code)
            .with("SendResult", sendResult.value)
            .withMoment("SendDateTime", sendDateTime.value.toInstant())
            .with("RemoteId", remoteId.value)
            .withFile("StatusFile", statusFile.value);
    }

    @Override
    Answer cancelJob(int jobId) throws RemoteException {
        return new Answer(fax.cancelJob("10001", "demo", jobId));
    }

    @Override
    Answer requestReceived() throws RemoteException {
        LongHolder faxId = new LongHolder();
        StringHolder calledNumber = new StringHolder();
        CalendarHolder receiveDate = new CalendarHolder();
        StringHolder originator = new StringHolder();
        StringHolder remoteId = new StringHolder();
        IntHolder pages = new IntHolder();
        ByteArrayHolder faxImage = new ByteArrayHolder();
        int code = fax.requestReceived("10002", "demo", faxId, calledNumber, receiveDate, originator, remoteId, pages,
                                       faxImage);
        return new Answer(code)
            .with("FaxId", faxId.value)
            .with("CalledNumber", calledNumber.value)
            .withMoment("ReceiveDate", receiveDate.value.toInstant())
            .with("Originator", originator.value)
            .with("RemoteId", remoteId.value)
            .with("Pages", pages.value)
            .withFile("FaxImage", faxImage.value);
    }

    @Override
    Answer deleteReceived(long faxId) throws RemoteException {
        return new Answer(fax.deleteReceived("10002", "demo", faxId));
    }

    public static void main(String[] arguments) throws Exception {
        URL endpoint = new URL(arguments[0] + "/xmlws.exe/soap/IntfXMLWS");
        new AxisCustomer(new IntfXMLWSserviceLocator().getIntfXMLWSPort(endpoint)).print(arguments[1]);
    }
}
