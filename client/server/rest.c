/* SPDX-License-Identifier: MIT */
#include "client/server/rest.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "client/input/terminal.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/str.h"
#include "core/wipe.h"

enum {
    ANSWER_BYTES_MAX = 64 * 1024 * 1024,
    HEADER_BYTES_MAX = 16 * 1024,
    CONNECT_SECONDS = 10,
    CALL_SECONDS = 120,
    POLL_MS = 200,
    OPERATION_MS = 10 * 60 * 1000,
};

struct rest {
    CURL *curl;
    char *url; /* without a trailing slash */
    char *tenant_id, *client_id, *client_secret;
    char *authorization; /* the header, or NULL */
    char *operation;     /* path of the last response's Azure-AsyncOperation, or NULL */
    struct buf answer;
    long status;
    bool end_at_interrupt;
};

static size_t take_body(char *bytes, size_t size, size_t count, void *data)
{
    struct rest *rest = data;
    buf_add(&rest->answer, bytes, size * count);
    return buf_failed(&rest->answer) ? 0 : size * count;
}

/* The path after scheme and host: a token is only sent to one server. */
static const char *path_of(const char *url)
{
    const char *authority = strstr(url, "://");
    const char *path = authority == NULL ? NULL : strchr(authority + 3, '/');
    return path == NULL ? url : path;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *data)
{
    static const char name[] = "Azure-AsyncOperation:";
    struct rest *rest = data;
    size_t len = size * count;
    if (len > sizeof(name) && len < HEADER_BYTES_MAX && strncasecmp(bytes, name, sizeof(name) - 1) == 0) {
        auto_free char *value = strndup(bytes + sizeof(name) - 1, len - sizeof(name) + 1);
        if (value != NULL) {
            value[strcspn(value, "\r\n")] = '\0';
            (void)str_replace(&rest->operation, path_of(value + strspn(value, " ")));
        }
    }
    return len;
}

static int watch_progress(void *data, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct rest *rest = data;
    (void)a, (void)b, (void)c, (void)d;
    return rest->end_at_interrupt && terminal_interrupted() ? 1 : 0;
}

static bool set_up(struct rest *rest, const char *ca_file)
{
    CURL *curl = rest->curl;
    return curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)CALL_SECONDS) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, rest) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERDATA, rest) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch_progress) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFODATA, rest) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
           /* The environment's proxy is meant for the internet, not for this machine or its network. */
           curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
           (ca_file[0] == '\0' || curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file) == CURLE_OK);
}

int rest_open(const struct rest_settings *settings, struct err *err, struct rest **ret_rest)
{
    struct rest *rest = calloc(1, sizeof(*rest));
    if (rest == NULL) {
        return err_no_memory(err);
    }
    buf_init(&rest->answer, ANSWER_BYTES_MAX);
    rest->curl = curl_easy_init();
    rest->url = str_dup(settings->url);
    rest->tenant_id = str_dup(settings->tenant_id);
    rest->client_id = str_dup(settings->client_id);
    rest->client_secret = str_dup(settings->client_secret);
    if (rest->curl == NULL || rest->url == NULL || rest->tenant_id == NULL || rest->client_id == NULL ||
        (settings->client_secret != NULL && rest->client_secret == NULL) ||
        !set_up(rest, settings->ca_file)) {
        rest_close(rest);
        return err_no_memory(err);
    }
    size_t len = strlen(rest->url);
    while (len > 0 && rest->url[len - 1] == '/') {
        rest->url[--len] = '\0';
    }
    *ret_rest = rest;
    return 0;
}

void rest_close(struct rest *rest)
{
    if (rest == NULL) {
        return;
    }
    curl_easy_cleanup(rest->curl);
    buf_done(&rest->answer);
    free(rest->url);
    free(rest->tenant_id);
    free(rest->client_id);
    wipe_free(rest->client_secret);
    wipe_free(rest->authorization);
    free(rest->operation);
    free(rest);
}

void rest_end_at_interrupt(struct rest *rest, bool on)
{
    rest->end_at_interrupt = on;
}

long rest_status(const struct rest *rest)
{
    return rest->status;
}

/* One exchange. Returns the status; the response is in the buffer. */
static int exchange(struct rest *rest, const char *method, const char *path, const char *type,
                    const char *body, struct err *err)
{
    CURL *curl = rest->curl;
    auto_free char *url = str_format("%s%s", rest->url, path);
    auto_free char *content = type == NULL ? NULL : str_format("Content-Type: %s", type);
    struct curl_slist *headers =
        curl_slist_append(NULL, content == NULL ? "Accept: application/json" : content);
    if (rest->authorization != NULL && headers != NULL) {
        struct curl_slist *more = curl_slist_append(headers, rest->authorization);
        headers = more == NULL ? headers : more;
    }
    buf_reset(&rest->answer);
    rest->status = 0;
    free(TAKE(rest->operation));
    char detail[CURL_ERROR_SIZE] = "";
    const char *sent = body == NULL ? "" : body;
    bool has_body = body != NULL || strcmp(method, "PUT") == 0 || strcmp(method, "POST") == 0;
    CURLcode code = CURLE_OUT_OF_MEMORY;
    if (url != NULL && headers != NULL && curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail) == CURLE_OK &&
        curl_easy_setopt(curl, has_body ? CURLOPT_POST : CURLOPT_HTTPGET, 1L) == CURLE_OK &&
        (!has_body || (curl_easy_setopt(curl, CURLOPT_POSTFIELDS, sent) == CURLE_OK &&
                       curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(sent)) == CURLE_OK)) &&
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method) == CURLE_OK) {
        code = curl_easy_perform(curl);
    }
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &rest->status);
    if (code == CURLE_ABORTED_BY_CALLBACK) {
        return err_set(err, ERR_CANCELED, "Interrupted.");
    }
    if (code != CURLE_OK) {
        rest->status = 0;
        return err_set(err, ERR_UNAVAILABLE, "Malachite at %s does not answer: %s.", rest->url,
                       detail[0] != '\0' ? detail : curl_easy_strerror(code));
    }
    return 0;
}

/* The message of an error response, in Azure's format or in that of sign-in. */
static int refuse(struct rest *rest, struct err *err)
{
    json_auto_t *answer = json_loads(buf_text(&rest->answer), 0, NULL);
    json_t *error = json_object_get(answer, "error");
    const char *message = json_string_value(json_object_get(error, "message"));
    if (message == NULL) {
        message = json_string_value(json_object_get(answer, "error_description"));
    }
    enum err_code code = rest->status == 404 ? ERR_NOT_FOUND : ERR_BAD_REQUEST;
    return message != NULL
               ? err_set(err, code, "%s", message)
               : err_set(err, code, "Malachite at %s answered with status %ld.", rest->url, rest->status);
}

static void add_field(struct buf *form, const char *name, const char *value)
{
    buf_addf(form, "%s%s=", form->len == 0 ? "" : "&", name);
    buf_add_encoded(form, value, "");
}

/* Gets a token for the client secret, like any Azure client. */
static int sign_in(struct rest *rest, struct err *err)
{
    if (rest->client_secret == NULL) {
        return err_set(
            err, ERR_NO_AUTHORIZATION,
            "Malachite at %s requires a sign-in: give its client secret with --client-secret-file, or "
            "in the environment as MALACHITE_CLIENT_SECRET.",
            rest->url);
    }
    auto_buf struct buf form = BUF_MAX(HEADER_BYTES_MAX);
    add_field(&form, "grant_type", "client_credentials");
    add_field(&form, "client_id", rest->client_id);
    add_field(&form, "client_secret", rest->client_secret);
    add_field(&form, "scope", "https://management.azure.com/.default");
    auto_free char *path = str_format("/%s/oauth2/v2.0/token", rest->tenant_id);
    if (path == NULL || buf_failed(&form)) {
        return err_no_memory(err);
    }
    wipe_free(TAKE(rest->authorization));
    int result = exchange(rest, "POST", path, "application/x-www-form-urlencoded", buf_text(&form), err);
    explicit_bzero(form.data, form.len);
    if (result < 0) {
        return -1;
    }
    json_auto_t *answer = json_loads(buf_text(&rest->answer), 0, NULL);
    const char *token = json_string_value(json_object_get(answer, "access_token"));
    if (rest->status != 200 || token == NULL) {
        return refuse(rest, err);
    }
    rest->authorization = str_format("Authorization: Bearer %s", token);
    return rest->authorization == NULL ? err_no_memory(err) : 0;
}

int rest_call(struct rest *rest, const char *method, const char *path, json_t *body, struct err *err,
              json_t **ret_answer)
{
    *ret_answer = NULL;
    char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    if (body != NULL && text == NULL) {
        return err_no_memory(err);
    }
    const char *type = body == NULL ? NULL : "application/json";
    int result = exchange(rest, method, path, type, text, err);
    /* Also after an hour, when the token has expired. */
    if (result == 0 && rest->status == 401) {
        result = sign_in(rest, err) < 0 ? -1 : exchange(rest, method, path, type, text, err);
    }
    wipe_free(text);
    if (result == 0 && rest->status >= 400) {
        return refuse(rest, err);
    }
    if (result == 0 && rest->answer.len > 0) {
        *ret_answer = json_loads(buf_text(&rest->answer), 0, NULL);
        if (*ret_answer == NULL) {
            return err_set(err, ERR_UNAVAILABLE, "%s answers, but not as Malachite does.", rest->url);
        }
    }
    return result;
}

int rest_wait(struct rest *rest, struct err *err)
{
    auto_free char *path = TAKE(rest->operation);
    int64_t deadline_ms = clock_monotonic_ms() + OPERATION_MS;
    while (path != NULL) {
        json_auto_t *answer = NULL;
        if (rest_call(rest, "GET", path, NULL, err, &answer) < 0) {
            return -1;
        }
        const char *status = json_string_value(json_object_get(answer, "status"));
        if (str_equals(status, "Succeeded")) {
            return 0;
        }
        if (!str_equals(status, "InProgress")) {
            const char *message =
                json_string_value(json_object_get(json_object_get(answer, "error"), "message"));
            return err_set(err, ERR_BAD_REQUEST, "%s", message != NULL ? message : "The operation failed.");
        }
        if (clock_monotonic_ms() > deadline_ms) {
            return err_set(err, ERR_UNAVAILABLE, "The operation %s did not end in time.", path);
        }
        clock_sleep_ms(POLL_MS);
    }
    return 0;
}
