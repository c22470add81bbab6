/* SPDX-License-Identifier: MIT */
#include "handlers/arm/naming/locations.h"

#include <ctype.h>
#include <string.h>

#include "core/str.h"

/* clang-format off */
const struct location locations[] = {
    {"eastus", "East US", "United States", "Virginia", "westus", "37.3719", "-79.8164"},
    {"eastus2", "East US 2", "United States", "Virginia", "centralus", "36.6681", "-78.3889"},
    {"southcentralus", "South Central US", "United States", "Texas", "northcentralus", "29.4167", "-98.5"},
    {"westus", "West US", "United States", "California", "eastus", "37.783", "-122.417"},
    {"westus2", "West US 2", "United States", "Washington", "westcentralus", "47.233", "-119.852"},
    {"westus3", "West US 3", "United States", "Phoenix", "eastus", "33.448376", "-112.074036"},
    {"centralus", "Central US", "United States", "Iowa", "eastus2", "41.5908", "-93.6208"},
    {"northcentralus", "North Central US", "United States", "Illinois", "southcentralus", "41.8819", "-87.6278"},
    {"westcentralus", "West Central US", "United States", "Wyoming", "westus2", "40.890", "-110.234"},
    {"canadacentral", "Canada Central", "Canada", "Toronto", "canadaeast", "43.653", "-79.383"},
    {"canadaeast", "Canada East", "Canada", "Quebec", "canadacentral", "46.817", "-71.217"},
    {"brazilsouth", "Brazil South", "South America", "Sao Paulo State", "southcentralus", "-23.55", "-46.633"},
    {"northeurope", "North Europe", "Europe", "Ireland", "westeurope", "53.3478", "-6.2597"},
    {"westeurope", "West Europe", "Europe", "Netherlands", "northeurope", "52.3667", "4.9"},
    {"uksouth", "UK South", "UK", "London", "ukwest", "50.941", "-0.799"},
    {"ukwest", "UK West", "UK", "Cardiff", "uksouth", "53.427", "-3.084"},
    {"francecentral", "France Central", "Europe", "Paris", "francesouth", "46.3772", "2.3730"},
    {"germanywestcentral", "Germany West Central", "Europe", "Frankfurt", "germanynorth", "50.110924", "8.682127"},
    {"italynorth", "Italy North", "Europe", "Milan", NULL, "45.46888", "9.18109"},
    {"norwayeast", "Norway East", "Europe", "Norway", "norwaywest", "59.913868", "10.752245"},
    {"polandcentral", "Poland Central", "Europe", "Warsaw", NULL, "52.23334", "21.01666"},
    {"spaincentral", "Spain Central", "Europe", "Madrid", NULL, "40.4259", "3.4209"},
    {"swedencentral", "Sweden Central", "Europe", "Gävle", "swedensouth", "60.67488", "17.14127"},
    {"switzerlandnorth", "Switzerland North", "Europe", "Zurich", "switzerlandwest", "47.451542", "8.564572"},
    {"uaenorth", "UAE North", "Middle East", "Dubai", "uaecentral", "25.266666", "55.316666"},
    {"qatarcentral", "Qatar Central", "Middle East", "Doha", NULL, "25.551462", "51.439327"},
    {"israelcentral", "Israel Central", "Middle East", "Israel", NULL, "31.2655698", "33.4506633"},
    {"southafricanorth", "South Africa North", "Africa", "Johannesburg", "southafricawest", "-25.731340", "28.218370"},
    {"centralindia", "Central India", "India", "Pune", "southindia", "18.5822", "73.9197"},
    {"southindia", "South India", "India", "Chennai", "centralindia", "12.9822", "80.1636"},
    {"eastasia", "East Asia", "Asia Pacific", "Hong Kong", "southeastasia", "22.267", "114.188"},
    {"southeastasia", "Southeast Asia", "Asia Pacific", "Singapore", "eastasia", "1.283", "103.833"},
    {"japaneast", "Japan East", "Asia Pacific", "Tokyo, Saitama", "japanwest", "35.68", "139.77"},
    {"japanwest", "Japan West", "Asia Pacific", "Osaka", "japaneast", "34.6939", "135.5022"},
    {"koreacentral", "Korea Central", "Asia Pacific", "Seoul", "koreasouth", "37.5665", "126.9780"},
    {"australiaeast", "Australia East", "Asia Pacific", "New South Wales", "australiasoutheast", "-33.86", "151.2094"},
    {"australiasoutheast", "Australia Southeast", "Asia Pacific", "Victoria", "australiaeast", "-37.8136", "144.9631"},
    {"eastus2euap", "East US 2 EUAP", "United States", "Virginia", "centraluseuap", "36.6681", "-78.3889"},
    {"centraluseuap", "Central US EUAP", "United States", "Iowa", "eastus2euap", "41.5908", "-93.6208"},
};
/* clang-format on */
const size_t location_count = ARRAY_LEN(locations);

const struct location *location_find(const char *text)
{
    for (size_t i = 0; text != NULL && i < location_count; i++) {
        if (str_iequals(text, locations[i].name) || str_iequals(text, locations[i].display_name)) {
            return &locations[i];
        }
    }
    return NULL;
}

bool location_is_valid(const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)text[i]) && text[i] != ' ') {
            return false;
        }
    }
    return isalpha((unsigned char)text[strspn(text, " ")]) && len <= 60;
}

char *location_name(const char *text)
{
    char *name = str_dup(text);
    char *to = name;
    for (const char *at = text; name != NULL && *at != '\0'; at++) {
        if (*at != ' ') {
            *to++ = (char)tolower((unsigned char)*at);
        }
    }
    if (name != NULL) {
        *to = '\0';
    }
    return name;
}

const char *location_display_name(const char *text)
{
    const struct location *location = location_find(text);
    return location == NULL ? text : location->display_name;
}
