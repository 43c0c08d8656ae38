/* A FAX.de customer's program with gSOAP. Usage: scenario ADDRESS FOLDER */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "soapH.h"
#include "IntfXMLWSbinding.nsmap"

typedef struct xsd__base64Binary File;
typedef struct ns1__SendJobResponse Sent;
typedef struct ns1__JobStatusResponse Status;
typedef struct ns1__RequestReceivedResponse Received;

static const File NO_FILE = {NULL, 0, NULL, NULL, NULL};
static const time_t NOW = 0; /* the past: gSOAP cannot leave a dateTime out */

static struct soap *soap;
static char endpoint[256];
static const char *folder;

static void check(int error) {
    if (error != SOAP_OK) {
        soap_print_fault(soap, stderr);
        exit(1);
    }
}

static FILE *open_file(const char *name, const char *mode) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, mode);
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    return file;
}

static File read_file(const char *name) {
    File content = NO_FILE;
    FILE *file = open_file(name, "rb");
    fseek(file, 0, SEEK_END);
    content.__size = (int)ftell(file);
    rewind(file);
    content.__ptr = soap_malloc(soap, (size_t)content.__size);
    if (fread(content.__ptr, 1, (size_t)content.__size, file) != (size_t)content.__size) exit(1);
    fclose(file);
    return content;
}

static void write_file(const char *name, File content) {
    FILE *file = open_file(name, "wb");
    if (fwrite(content.__ptr, 1, (size_t)content.__size, file) != (size_t)content.__size) exit(1);
    fclose(file);
}

static Sent send_sms(char *account, char *password, char *number, File recipients, char *text, time_t send_at, char *options) {
    Sent sent;
    check(soap_call_ns1__SendJob(soap, endpoint, NULL, account, password, 1, number, recipients, text, NULL, NO_FILE, NULL,
                                 NO_FILE, NULL, NO_FILE, send_at, options, &sent));
    return sent;
}

static Status job_status(char *password, int job_id) {
    Status status;
    check(soap_call_ns1__JobStatus(soap, endpoint, NULL, "10001", password, job_id, &status));
    return status;
}

static Status finished(int job_id) {
    for (int poll = 0; poll < 300; poll++) {
        Status status = job_status("demo", job_id);
        if (status._return_ != 6) return status;
        usleep(200000);
    }
    fprintf(stderr, "job %d does not become final\n", job_id);
    exit(1);
}

static int cancel_job(int job_id) {
    int code;
    check(soap_call_ns1__CancelJob(soap, endpoint, NULL, "10001", "demo", job_id, &code));
    return code;
}

static Received request_received(void) {
    Received received;
    check(soap_call_ns1__RequestReceived(soap, endpoint, NULL, "10002", "demo", &received));
    return received;
}

static int delete_received(LONG64 fax_id) {
    int code;
    check(soap_call_ns1__DeleteReceived(soap, endpoint, NULL, "10002", "demo", fax_id, &code));
    return code;
}

/* The answers as they are reported: JSON, moments in UTC, files by their length. */

static void print_text(const char *name, const char *text) {
    printf(", \"%s\": \"", name);
    for (; text != NULL && *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') putchar('\\');
        putchar(*text);
    }
    putchar('"');
}

static void print_moment(const char *name, time_t moment) {
    char text[32];
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime(&moment));
    print_text(name, text);
}

static void print_code(const char *step, int code) {
    printf(", \"%s\": {\"return\": %d}\n", step, code);
}

static void print_sent(const char *step, Sent sent) {
    printf(", \"%s\": {\"return\": %d, \"JobId\": %d, \"RecipientsCount\": %d, \"PageCount\": %d}\n", step, sent._return_,
           sent._JobId, sent._RecipientsCount, sent._PageCount);
}

static void print_status(const char *step, Status status) {
    printf(", \"%s\": {\"return\": %d", step, status._return_);
    print_text("SendResult", status._SendResult);
    print_moment("SendDateTime", status._SendDateTime);
    print_text("RemoteId", status._RemoteId);
    printf(", \"StatusFile\": %d}\n", status._StatusFile.__size);
}

static void print_received(const char *step, Received received) {
    printf(", \"%s\": {\"return\": %d, \"FaxId\": %lld", step, received._return_, (long long)received._FaxId);
    print_text("CalledNumber", received._CalledNumber);
    print_moment("ReceiveDate", received._ReceiveDate);
    print_text("Originator", received._Originator);
    print_text("RemoteId", received._RemoteId);
    printf(", \"Pages\": %d, \"FaxImage\": %d}\n", received._Pages, received._FaxImage.__size);
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    snprintf(endpoint, sizeof endpoint, "%s/xmlws.exe/soap/IntfXMLWS", arguments[1]);
    folder = arguments[2];
    soap = soap_new1(SOAP_C_UTFSTRING);

    Sent sent;
    check(soap_call_ns1__SendJob(soap, endpoint, NULL, "10001", "demo", 0, "+493023125200[Ref-Ä1]", NO_FILE,
                                 "Grüße aus Köln – 5 €", "Anhang-Ümläut.pdf", read_file("document.pdf"), NULL, NO_FILE,
                                 NULL, NO_FILE, NOW, "STATIONID=Müller GmbH;FAXHEADER=Test", &sent));
    printf("{\"client\": \"gsoap\"\n");
    print_sent("sent", sent);
    Status status = finished(sent._JobId);
    print_status("status", status);
    write_file("status.csv", status._StatusFile);

    Received received = request_received();
    print_received("received", received);
    write_file("fax.tif", received._FaxImage);
    print_code("deleted", delete_received(received._FaxId));
    print_code("deleted_again", delete_received(received._FaxId));
    print_received("nothing_received", request_received());

    time_t send_at = time(NULL) + 24 * 60 * 60;
    print_moment("send_at", send_at);
    Sent scheduled =
        send_sms("10001", "demo", "+4917139200000", NO_FILE, "Die Tür öffnet früh", send_at, "SMSFROM=Praxis");
    print_sent("scheduled", scheduled);
    print_status("scheduled_status", job_status("demo", scheduled._JobId));
    print_code("cancelled", cancel_job(scheduled._JobId));
    print_status("cancelled_status", job_status("demo", scheduled._JobId));
    print_code("cancelled_again", cancel_job(scheduled._JobId));

    print_sent("wrong_password", send_sms("10001", "falsch", "+4917139200000", NO_FILE, "Test", NOW, NULL));
    print_sent("unknown_account", send_sms("99999", "demo", "+4917139200000", NO_FILE, "Test", NOW, NULL));
    print_status("unknown_job", job_status("demo", 999999));
    print_status("status_wrong_password", job_status("falsch", sent._JobId));

    Sent bulk = send_sms("10001", "demo", NULL, read_file("recipients.csv"), "Schöne Grüße an alle", NOW, NULL);
    print_sent("bulk", bulk);
    Status bulk_status = finished(bulk._JobId);
    print_status("bulk_status", bulk_status);
    write_file("bulk.csv", bulk_status._StatusFile);
    printf("}\n");

    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
    return 0;
}
