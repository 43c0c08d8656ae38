/* The peer: SendJob as one would write it with gSOAP, SQLite's C interface and libsodium. See ../statements.sql.
 * Usage: server FOLDER. Prints the port that it has taken, then serves until it is killed.
 * A thread for each connection; one connection to the database, whose mutex keeps the order of SQLite's one writer. */

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "soapH.h"
#include "IntfXMLWSbinding.nsmap"
#include "statements.h" /* made of statements.sql: ACCOUNT, DOUBLE, JOB, DELIVERY, DOCUMENT, EVENT */

enum { OK = 0, NO_RECIPIENT = 8, NOTHING_TO_SEND = 75, WRONG_PASSWORD = -1, UNKNOWN = -2, FAILED = -4, DOUBLE_ORDER = -77 };
enum { VERIFIED_SECONDS = 300, KEY = 2 * crypto_hash_sha256_BYTES + 1, SMS = 1 };

typedef struct {
    int type;
    const char *recipient, *text, *options, *filename;
    char key[KEY];
    struct xsd__base64Binary content;
    char file[33];
    sqlite3_int64 due;
} Order;

static const char *folder;
static sqlite3 *database;
static sqlite3_stmt *account_row, *double_row, *job_row, *delivery_row, *document_row, *event_row, *begin, *commit, *rollback;
static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;

/* The password verified last: as long a memory as one account needs. */
static unsigned char verified[crypto_hash_sha256_BYTES];
static time_t verified_until;
static pthread_mutex_t verifying = PTHREAD_MUTEX_INITIALIZER;

static const char *given(const char *text) { return text == NULL ? "" : text; }

static sqlite3_stmt *prepare(const char *sql) {
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK) {
        fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(database));
        exit(1);
    }
    return statement;
}

static void open_database(void) {
    char path[4096];
    snprintf(path, sizeof path, "%s/depesche.db", folder);
    if (sqlite3_open(path, &database) != SQLITE_OK ||
        sqlite3_exec(database, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON", NULL, NULL, NULL) != SQLITE_OK) {
        fprintf(stderr, "%s: %s\n", path, sqlite3_errmsg(database));
        exit(1);
    }
    sqlite3_busy_timeout(database, 30000);
    begin = prepare("BEGIN IMMEDIATE");
    commit = prepare("COMMIT");
    rollback = prepare("ROLLBACK");
    account_row = prepare(ACCOUNT);
    double_row = prepare(DOUBLE);
    job_row = prepare(JOB);
    delivery_row = prepare(DELIVERY);
    document_row = prepare(DOCUMENT);
    event_row = prepare(EVENT);
}

/* Binds what `types` says (i: sqlite3_int64, s: text), and takes one step. */
static int step(sqlite3_stmt *statement, const char *types, ...) {
    va_list values;
    va_start(values, types);
    for (int place = 1; *types != '\0'; types++, place++) {
        if (*types == 'i') sqlite3_bind_int64(statement, place, va_arg(values, sqlite3_int64));
        else sqlite3_bind_text(statement, place, va_arg(values, const char *), -1, SQLITE_TRANSIENT);
    }
    va_end(values);
    return sqlite3_step(statement);
}

static int done(sqlite3_stmt *statement, int result) {
    sqlite3_reset(statement);
    return result == SQLITE_DONE;
}

/* The account's id; 0 if there is none. */
static sqlite3_int64 find_account(const char *number, char *hash, size_t size) {
    sqlite3_int64 id = 0;
    pthread_mutex_lock(&writing);
    if (step(account_row, "s", number) == SQLITE_ROW) {
        id = sqlite3_column_int64(account_row, 0);
        snprintf(hash, size, "%s", (const char *)sqlite3_column_text(account_row, 1));
    }
    sqlite3_reset(account_row);
    pthread_mutex_unlock(&writing);
    return id;
}

static int fits(const char *hash, const char *password) {
    unsigned char mark[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const unsigned char *)hash, strlen(hash) + 1);
    crypto_hash_sha256_update(&state, (const unsigned char *)password, strlen(password));
    crypto_hash_sha256_final(&state, mark);
    pthread_mutex_lock(&verifying);
    int fit = time(NULL) < verified_until && sodium_memcmp(mark, verified, sizeof mark) == 0;
    if (!fit && crypto_pwhash_str_verify(hash, password, strlen(password)) == 0) {
        fit = 1;
        memcpy(verified, mark, sizeof mark);
        verified_until = time(NULL) + VERIFIED_SECONDS;
    }
    pthread_mutex_unlock(&verifying);
    return fit;
}

static void set_key(Order *order) {
    const char *words[] = {order->recipient, order->text, order->options, order->filename};
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const unsigned char *)&order->type, sizeof order->type);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        crypto_hash_sha256_update(&state, (const unsigned char *)words[i], strlen(words[i]) + 1);
    crypto_hash_sha256_final(&state, digest);
    sodium_bin2hex(order->key, sizeof order->key, digest, sizeof digest);
}

/* Writes the file, synced. */
static int keep(Order *order) {
    unsigned char name[16];
    char path[4096];
    randombytes_buf(name, sizeof name);
    sodium_bin2hex(order->file, sizeof order->file, name, sizeof name);
    snprintf(path, sizeof path, "%s/%s", folder, order->file);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (file < 0) return 0;
    int kept = write(file, order->content.__ptr, (size_t)order->content.__size) == order->content.__size && fsync(file) == 0;
    return close(file) == 0 && kept;
}

static int insert(const Order *order, sqlite3_int64 account, sqlite3_int64 *job) {
    char address[64], reference[64] = "";
    if (sscanf(order->recipient, "%63[^[][%63[^]]", address, reference) < 1) return 0;
    if (!done(job_row, step(job_row, "iisssi", account, (sqlite3_int64)order->type, order->key, order->options, order->text, order->due)))
        return 0;
    *job = sqlite3_last_insert_rowid(database);
    const char *channel = order->type == SMS ? "sms" : "mail";
    if (!done(delivery_row, step(delivery_row, "iisssi", *job, account, channel, address, reference, order->due))) return 0;
    sqlite3_int64 size = order->content.__size;
    if (size && !done(document_row, step(document_row, "issi", *job, order->filename, order->file, size))) return 0;
    return done(event_row, step(event_row, "ii", *job, account));
}

/* The one transaction of an order; gives the code. */
static int store(const Order *order, sqlite3_int64 account, sqlite3_int64 *job) {
    int code = FAILED;
    pthread_mutex_lock(&writing);
    if (done(begin, step(begin, ""))) {
        int found = step(double_row, "is", account, order->key);
        sqlite3_reset(double_row);
        if (found == SQLITE_ROW) code = DOUBLE_ORDER;
        else if (found == SQLITE_DONE && insert(order, account, job) && done(commit, step(commit, ""))) code = OK;
        if (code != OK) done(rollback, step(rollback, ""));
    }
    pthread_mutex_unlock(&writing);
    return code;
}

static int send_job(const char *number, const char *password, Order *order, sqlite3_int64 *job) {
    char hash[256];
    sqlite3_int64 account = find_account(number, hash, sizeof hash);
    if (account == 0) return UNKNOWN;
    if (!fits(hash, password)) return WRONG_PASSWORD;
    if (*order->recipient == '\0') return NO_RECIPIENT;
    if (*order->text == '\0' && order->content.__size == 0) return NOTHING_TO_SEND;
    if (order->content.__size > 0 && !keep(order)) return FAILED;
    set_key(order);
    return store(order, account, job);
}

int ns1__SendJob(struct soap *soap, char *account, char *password, int type, char *recipient, struct xsd__base64Binary recipients,
                 char *text, char *filename1, struct xsd__base64Binary file1, char *filename2, struct xsd__base64Binary file2,
                 char *filename3, struct xsd__base64Binary file3, time_t due, char *options, struct ns1__SendJobResponse *answer) {
    (void)soap, (void)recipients, (void)filename2, (void)file2, (void)filename3, (void)file3;
    Order order = {.type = type, .recipient = given(recipient), .text = given(text), .options = given(options)};
    order.filename = given(filename1);
    order.content = file1;
    order.due = due > time(NULL) ? due : time(NULL);
    sqlite3_int64 job = 0;
    answer->_return_ = send_job(given(account), given(password), &order, &job);
    answer->_JobId = (int)job;
    answer->_RecipientsCount = answer->_PageCount = answer->_return_ == OK;
    return SOAP_OK;
}

static int refuse(struct soap *soap) { return soap_receiver_fault(soap, "this server takes SendJob alone", NULL); }

int ns1__JobStatus(struct soap *soap, char *account, char *password, int job, struct ns1__JobStatusResponse *answer) {
    (void)account, (void)password, (void)job, (void)answer;
    return refuse(soap);
}

int ns1__CancelJob(struct soap *soap, char *account, char *password, int job, int *code) {
    (void)account, (void)password, (void)job, (void)code;
    return refuse(soap);
}

int ns1__RequestReceived(struct soap *soap, char *account, char *password, struct ns1__RequestReceivedResponse *answer) {
    (void)account, (void)password, (void)answer;
    return refuse(soap);
}

int ns1__DeleteReceived(struct soap *soap, char *account, char *password, LONG64 fax, int *code) {
    (void)account, (void)password, (void)fax, (void)code;
    return refuse(soap);
}

static void *serve(void *argument) {
    struct soap *soap = argument;
    pthread_detach(pthread_self());
    soap_serve(soap);
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
    return NULL;
}

static int port_of(SOAP_SOCKET listener) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    return getsockname(listener, (struct sockaddr *)&address, &size) == 0 ? ntohs(address.sin_port) : 0;
}

int main(int count, char **arguments) {
    if (count != 2 || sodium_init() < 0) return 2;
    folder = arguments[1];
    signal(SIGPIPE, SIG_IGN);
    open_database();
    struct soap *soap = soap_new1(SOAP_IO_KEEPALIVE | SOAP_C_UTFSTRING);
    soap->max_keep_alive = 0; /* as many requests in a connection as its client likes */
    if (!soap_valid_socket(soap_bind(soap, "127.0.0.1", 0, 1024))) {
        soap_print_fault(soap, stderr);
        return 1;
    }
    printf("%d\n", port_of(soap->master));
    fflush(stdout);
    for (;;) {
        pthread_t thread;
        struct soap *connection = soap_valid_socket(soap_accept(soap)) ? soap_copy(soap) : NULL;
        if (connection == NULL) soap_print_fault(soap, stderr);
        else if (pthread_create(&thread, NULL, serve, connection) != 0) soap_free(connection);
    }
}
