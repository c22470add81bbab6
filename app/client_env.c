/* SPDX-License-Identifier: MIT */
#include "app/client_env_private.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "app/serve_private.h"
#include "core/buf.h"
#include "core/str.h"
#include "server/connections/listen.h"
#include "server/tls/file.h"

enum { ENDPOINTS_MAX = 64 * 1024, TEXT_MAX = 64 * 1024 };

/* The names used by the SDKs' own EnvironmentCredential and samples. */
#define EXPORT_IDENTITY                                                                                      \
    "export AZURE_SUBSCRIPTION_ID=${subscription}\n"                                                         \
    "export AZURE_TENANT_ID=${tenant}\n"                                                                     \
    "export AZURE_CLIENT_ID=${client}\n"                                                                     \
    "export AZURE_CLIENT_SECRET=${secret}\n"
#define EXPORT_ENDPOINTS                                                                                     \
    "export AZURE_AUTHORITY_HOST=${url}\n"                                                                   \
    "export AZURE_RESOURCE_MANAGER_ENDPOINT=${url}\n"

/* In the templates below, ${url} and similar variables are replaced, quoted for a shell. */
static const struct client {
    const char *name;
    const char *lines;
} clients[] = {
    {"az", "# A separate configuration leaves your other subscriptions unchanged.\n"
           "export AZURE_CONFIG_DIR=\"$HOME/.azure-malachite\"\n"
           "export REQUESTS_CA_BUNDLE=${ca}\n"
           "export AZURE_CORE_COLLECT_TELEMETRY=false\n"
           "# Then, once:\n"
           "#   az cloud register -n Malachite --endpoint-resource-manager ${url}\n"
           "#   az cloud set -n Malachite\n"
           "#   az login --service-principal -u ${client} -p ${secret argument} --tenant ${tenant}\n"
           "# The migration commands of az 2.45 (Debian 12) call https://management.azure.com whatever the "
           "cloud: they\n"
           "# need HTTPS_PROXY set to a proxy that leads this name to ${authority}.\n"},
    {"node", "export NODE_EXTRA_CA_CERTS=${ca}\n" EXPORT_ENDPOINTS EXPORT_IDENTITY
             "# Then, in the program (env is process.env):\n"
             "#   const credential = new ClientSecretCredential(env.AZURE_TENANT_ID, env.AZURE_CLIENT_ID,\n"
             "#     env.AZURE_CLIENT_SECRET, { authorityHost: env.AZURE_AUTHORITY_HOST, "
             "disableInstanceDiscovery: true });\n"
             "#   const client = new PostgreSQLManagementFlexibleServerClient(credential, "
             "env.AZURE_SUBSCRIPTION_ID,\n"
             "#     { endpoint: env.AZURE_RESOURCE_MANAGER_ENDPOINT });\n"},
    {"python", "export REQUESTS_CA_BUNDLE=${ca}\n" EXPORT_ENDPOINTS EXPORT_IDENTITY
               "# Then, in the program (env is os.environ):\n"
               "#   credential = ClientSecretCredential(env[\"AZURE_TENANT_ID\"], env[\"AZURE_CLIENT_ID\"],\n"
               "#       env[\"AZURE_CLIENT_SECRET\"], authority=env[\"AZURE_AUTHORITY_HOST\"], "
               "disable_instance_discovery=True)\n"
               "#   client = PostgreSQLManagementClient(credential, env[\"AZURE_SUBSCRIPTION_ID\"],\n"
               "#       base_url=env[\"AZURE_RESOURCE_MANAGER_ENDPOINT\"],\n"
               "#       credential_scopes=[\"https://management.azure.com/.default\"])\n"},
    {"curl", "export CURL_CA_BUNDLE=${ca}\n"
             "export MALACHITE_URL=${url}\n" EXPORT_IDENTITY
             "# Then (the token is only needed with --auth any or strict):\n"
             "#   TOKEN=$(curl -fsS \"$MALACHITE_URL/$AZURE_TENANT_ID/oauth2/v2.0/token\" -d "
             "grant_type=client_credentials \\\n"
             "#     -d \"client_id=$AZURE_CLIENT_ID\" -d \"client_secret=$AZURE_CLIENT_SECRET\" \\\n"
             "#     -d scope=https://management.azure.com/.default | jq -r .access_token)\n"
             "#   curl -H \"Authorization: Bearer $TOKEN\" "
             "\"$MALACHITE_URL/subscriptions?api-version=2022-12-01\"\n"},
    {"terraform",
     "# Terraform and its providers are Go programs; this replaces the system's authorities for them.\n"
     "export SSL_CERT_FILE=${ca}\n"
     "export ARM_SUBSCRIPTION_ID=${subscription}\n"
     "export ARM_TENANT_ID=${tenant}\n"
     "export ARM_CLIENT_ID=${client}\n"
     "export ARM_CLIENT_SECRET=${secret}\n"
     "# azurerm reads the cloud's endpoints from its metadata host:\n"
     "export ARM_METADATA_HOSTNAME=${authority}\n"
     "export ARM_SKIP_PROVIDER_REGISTRATION=true\n"
     "# azurerm 5 reads ARM_RESOURCE_PROVIDER_REGISTRATIONS=none instead; azurerm 4 refuses both together.\n"
     "# azapi takes them one by one:\n"
     "export ARM_RESOURCE_MANAGER_ENDPOINT=${url}\n"
     "export ARM_RESOURCE_MANAGER_AUDIENCE=https://management.azure.com/\n"
     "export ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST=${url}\n"
     "export ARM_DISABLE_INSTANCE_DISCOVERY=true\n"
     "# Run 'terraform init' in another shell: the registry needs the system's authorities.\n"},
    {"dotnet",
     "# On Linux, .NET takes its authorities from OpenSSL; this replaces the system's.\n"
     "export SSL_CERT_FILE=${ca}\n" EXPORT_ENDPOINTS EXPORT_IDENTITY
     "# Then, in the program (E is Environment.GetEnvironmentVariable):\n"
     "#   var credential = new ClientSecretCredential(E(\"AZURE_TENANT_ID\"), E(\"AZURE_CLIENT_ID\"),\n"
     "#       E(\"AZURE_CLIENT_SECRET\"), new ClientSecretCredentialOptions {\n"
     "#           AuthorityHost = new Uri(E(\"AZURE_AUTHORITY_HOST\")), DisableInstanceDiscovery = true });\n"
     "#   var client = new ArmClient(credential, E(\"AZURE_SUBSCRIPTION_ID\"), new ArmClientOptions {\n"
     "#       Environment = new ArmEnvironment(new Uri(E(\"AZURE_RESOURCE_MANAGER_ENDPOINT\")),\n"
     "#           \"https://management.azure.com/\") });\n"},
    {"java",
     "# Java reads a trust store. Create it once; the password protects nothing but is required:\n"
     "#   keytool -importcert -noprompt -alias malachite -file ${ca} -keystore malachite.p12 \\\n"
     "#     -storetype PKCS12 -storepass malachite\n"
     "export JAVA_TOOL_OPTIONS=\"-Djavax.net.ssl.trustStore=$PWD/malachite.p12 "
     "-Djavax.net.ssl.trustStorePassword=malachite\"\n" EXPORT_ENDPOINTS EXPORT_IDENTITY
     "# Then, in the program:\n"
     "#   TokenCredential credential = new ClientSecretCredentialBuilder()\n"
     "#       .tenantId(System.getenv(\"AZURE_TENANT_ID\")).clientId(System.getenv(\"AZURE_CLIENT_ID\"))\n"
     "#       .clientSecret(System.getenv(\"AZURE_CLIENT_SECRET\"))\n"
     "#       .authorityHost(System.getenv(\"AZURE_AUTHORITY_HOST\")).disableInstanceDiscovery().build();\n"
     "#   AzureEnvironment cloud = new AzureEnvironment(Map.of(\n"
     "#       \"resourceManagerEndpointUrl\", System.getenv(\"AZURE_RESOURCE_MANAGER_ENDPOINT\"),\n"
     "#       \"managementEndpointUrl\", \"https://management.azure.com/\",\n"
     "#       \"activeDirectoryEndpointUrl\", System.getenv(\"AZURE_AUTHORITY_HOST\")));\n"
     "#   PostgreSqlManager manager = PostgreSqlManager.authenticate(credential,\n"
     "#       new AzureProfile(System.getenv(\"AZURE_TENANT_ID\"), System.getenv(\"AZURE_SUBSCRIPTION_ID\"), "
     "cloud));\n"},
    {"go", "# This replaces the system's authorities for Go programs.\n"
           "export SSL_CERT_FILE=${ca}\n" EXPORT_ENDPOINTS EXPORT_IDENTITY "# Then, in the program:\n"
           "#   options := azcore.ClientOptions{Cloud: cloud.Configuration{\n"
           "#       ActiveDirectoryAuthorityHost: os.Getenv(\"AZURE_AUTHORITY_HOST\"),\n"
           "#       Services: map[cloud.ServiceName]cloud.ServiceConfiguration{cloud.ResourceManager: {\n"
           "#           Endpoint: os.Getenv(\"AZURE_RESOURCE_MANAGER_ENDPOINT\"), Audience: "
           "\"https://management.azure.com\"}}}}\n"
           "#   credential, err := azidentity.NewClientSecretCredential(os.Getenv(\"AZURE_TENANT_ID\"),\n"
           "#       os.Getenv(\"AZURE_CLIENT_ID\"), os.Getenv(\"AZURE_CLIENT_SECRET\"),\n"
           "#       &azidentity.ClientSecretCredentialOptions{ClientOptions: options, "
           "DisableInstanceDiscovery: true})\n"
           "#   client, err := "
           "armpostgresqlflexibleservers.NewMigrationsClient(os.Getenv(\"AZURE_SUBSCRIPTION_ID\"),\n"
           "#       credential, &arm.ClientOptions{ClientOptions: options})\n"},
};

/* The values for the templates. Owned, except those owned by the options. */
struct place {
    char *url; /* of HTTPS: no Azure client sends a token over HTTP */
    char *ca;
    char *subscription;
    char *tenant;
    char *client;
    char *secret_file; /* or NULL */
};

static void place_done(struct place *place)
{
    free(place->url);
    free(place->ca);
    free(place->subscription);
    free(place->tenant);
    free(place->client);
    free(place->secret_file);
}
#define auto_place __attribute__((cleanup(place_done)))

static int find_by_file(const struct options *options, struct err *err, struct place *place)
{
    auto_free char *text = file_read(options->endpoints_file, ENDPOINTS_MAX);
    json_auto_t *endpoints = text == NULL ? NULL : json_loads(text, 0, NULL);
    const struct {
        const char *name;
        char **field;
    } rows[] = {{"https", &place->url},
                {"ca", &place->ca},
                {"subscriptionId", &place->subscription},
                {"tenantId", &place->tenant},
                {"clientId", &place->client}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        *rows[i].field = str_dup(json_string_value(json_object_get(endpoints, rows[i].name)));
        if (*rows[i].field == NULL) {
            return err_set(err, ERR_UNAVAILABLE, "no endpoints file at %s: is Malachite running?",
                           options->endpoints_file);
        }
    }
    const char *secret_file = json_string_value(json_object_get(endpoints, "clientSecretFile"));
    place->secret_file = str_dup(secret_file);
    return secret_file != NULL && place->secret_file == NULL ? err_no_memory(err) : 0;
}

static int find_by_port(const struct options *options, struct err *err, struct place *place)
{
    if (options->https_port == 0) {
        return err_set(err, ERR_BAD_INPUT, "give Malachite's address with --https-port or --endpoints-file");
    }
    auto_free char *authority = listen_authority(options->listen, options->https_port);
    place->url = authority == NULL ? NULL : str_format("https://%s", authority);
    place->ca = str_format("%s/tls/ca.pem", options->data_dir);
    place->subscription = str_dup(options->subscription_id);
    place->tenant = str_dup(options->tenant_id);
    place->client = str_dup(options->client_id);
    bool complete = place->url != NULL && place->ca != NULL && place->subscription != NULL &&
                    place->tenant != NULL && place->client != NULL;
    return complete ? 0 : err_no_memory(err);
}

/* Adds single quotes if a shell would interpret the word. */
static void add_word(struct buf *text, const char *word)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._/:@%+=,";
    if (word[0] != '\0' && strspn(word, plain) == strlen(word)) {
        buf_adds(text, word);
        return;
    }
    buf_addc(text, '\'');
    for (const char *at = word; *at != '\0'; at++) {
        if (*at == '\'') {
            buf_adds(text, "'\\''");
        } else {
            buf_addc(text, *at);
        }
    }
    buf_addc(text, '\'');
}

/* Names the secret without printing it, because the output ends up in files and terminals. Prints it only
 * if it is the well-known default, or was an argument of this command. */
static void add_secret(struct buf *text, const struct place *place, const struct options *options,
                       bool argument)
{
    static const char variable[] = "MALACHITE_CLIENT_SECRET";
    const char *file =
        options->client_secret_file[0] != '\0' ? options->client_secret_file : place->secret_file;
    const char *set = getenv(variable);
    if (file != NULL && argument) {
        buf_addc(text, '@'); /* az reads the file itself */
        add_word(text, file);
    } else if (file != NULL) {
        buf_adds(text, "\"$(cat ");
        add_word(text, file);
        buf_adds(text, ")\"");
    } else if (str_equals(set, options->client_secret)) {
        buf_addf(text, "\"$%s\"", variable);
    } else {
        add_word(text, options->client_secret);
    }
}

static void fill_template(const char *lines, const struct place *place, const struct options *options,
                          struct buf *text)
{
    const struct {
        const char *name;
        const char *value;
    } rows[] = {
        {"${url}", place->url},       {"${authority}", place->url + strlen("https://")},
        {"${ca}", place->ca},         {"${subscription}", place->subscription},
        {"${tenant}", place->tenant}, {"${client}", place->client},
        {"${secret}", NULL},          {"${secret argument}", NULL},
    };
    for (const char *at = lines; *at != '\0';) {
        size_t i = 0;
        while (i < ARRAY_LEN(rows) && strncmp(at, rows[i].name, strlen(rows[i].name)) != 0) {
            i++;
        }
        if (i == ARRAY_LEN(rows)) {
            buf_addc(text, *at++);
            continue;
        }
        if (rows[i].value != NULL) {
            add_word(text, rows[i].value);
        } else {
            add_secret(text, place, options, str_equals(rows[i].name, "${secret argument}"));
        }
        at += strlen(rows[i].name);
    }
}

static const struct client *find_client(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
        if (str_equals(clients[i].name, name)) {
            return &clients[i];
        }
    }
    return NULL;
}

void client_env_list(const char *separator, FILE *out)
{
    for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
        fprintf(out, "%s%s", i == 0 ? "" : separator, clients[i].name);
    }
}

int client_env_print(const char *client, const struct options *options)
{
    const struct client *known = find_client(client);
    if (known == NULL) {
        fprintf(stderr, "malachite: unknown client '%s'; known clients: ", client);
        client_env_list(", ", stderr);
        fputc('\n', stderr);
        return EXIT_USAGE;
    }
    auto_place struct place place = {0};
    struct err err = {0};
    int found = options->endpoints_file[0] != '\0' ? find_by_file(options, &err, &place)
                                                   : find_by_port(options, &err, &place);
    auto_buf struct buf text = BUF_MAX(TEXT_MAX);
    if (found == 0) {
        fill_template(known->lines, &place, options, &text);
    }
    if (found < 0 || buf_failed(&text)) {
        fprintf(stderr, "malachite: %s\n", found < 0 ? err.message : "an option is too long");
        return EXIT_USAGE;
    }
    fputs(buf_text(&text), stdout);
    return EXIT_CLEAN;
}
