/* SPDX-License-Identifier: MIT */
/* The descriptions of networks; members that are not listed are stored and shown as given. */
#include "core/attr.h"
#include "handlers/network/network.h"

#define DOC PROPERTY_DOC
#define RO  ACCESS_SHOWN
#define RW  (ACCESS_PUT | ACCESS_SHOWN)
#define REQ (RW | ACCESS_REQUIRED)

/* clang-format off */
static const struct property network_rows[] = {
    DOC("id", "string", RO, "Resource id."), DOC("name", "string", RO, NULL), DOC("type", "string", RO, NULL), DOC("etag", "string", RO, "For If-Match."),
    DOC("location", "string", REQ, "Region, as name or display name."),
    DOC("tags", "{}string", RW | ACCESS_PATCH, NULL),
    DOC("properties", "object", REQ, NULL),
    DOC("properties.addressSpace.addressPrefixes", "[]string", REQ, "Ranges such as 10.0.0.0/16."),
    DOC("properties.subnets", "[]Subnet", RW, "Left out: the subnets stay as they are."),
    DOC("properties.provisioningState", "string", RO, NULL),
};
static const struct property subnet_rows[] = {
    DOC("id", "string", RO, "Resource id."), DOC("name", "string", RW, NULL), DOC("type", "string", RO, NULL), DOC("etag", "string", RO, "For If-Match."),
    DOC("properties", "object", RW, NULL),
    DOC("properties.addressPrefix", "string", RW, "A range such as 10.0.1.0/24, or addressPrefixes."),
    DOC("properties.addressPrefixes", "[]string", RW, NULL),
    DOC("properties.delegations", "[]object", RW, NULL),
    DOC("properties.provisioningState", "string", RO, NULL),
};
static const struct property endpoint_rows[] = {
    DOC("id", "string", RO, "Resource id."), DOC("name", "string", RO, NULL), DOC("type", "string", RO, NULL), DOC("etag", "string", RO, "For If-Match."),
    DOC("location", "string", REQ, "Region, as name or display name."),
    DOC("tags", "{}string", RW, NULL),
    DOC("properties.subnet.id", "string", REQ, "Resource id of the subnet."),
    DOC("properties.privateLinkServiceConnections", "[]object", RW, "name, and properties.privateLinkServiceId: the resource id of a server."),
    DOC("properties.manualPrivateLinkServiceConnections", "[]object", RW, "As privateLinkServiceConnections, but each must be approved on the server."),
    DOC("properties.provisioningState", "string", RO, NULL),
};
static const struct property zone_rows[] = {
    DOC("id", "string", RO, "Resource id."), DOC("name", "string", RO, NULL), DOC("type", "string", RO, NULL), DOC("etag", "string", RO, "For If-Match."),
    DOC("location", "string", REQ, "global"),
    DOC("tags", "{}string", RW, NULL),
    DOC("properties.maxNumberOfRecordSets", "integer", RO, NULL), DOC("properties.numberOfRecordSets", "integer", RO, NULL),
    DOC("properties.maxNumberOfVirtualNetworkLinks", "integer", RO, NULL), DOC("properties.numberOfVirtualNetworkLinks", "integer", RO, NULL),
    DOC("properties.maxNumberOfVirtualNetworkLinksWithRegistration", "integer", RO, NULL),
    DOC("properties.numberOfVirtualNetworkLinksWithRegistration", "integer", RO, NULL),
    DOC("properties.provisioningState", "string", RO, NULL),
};
static const struct property zone_link_rows[] = {
    DOC("id", "string", RO, "Resource id."), DOC("name", "string", RO, NULL), DOC("type", "string", RO, NULL), DOC("etag", "string", RO, "For If-Match."),
    DOC("location", "string", REQ, "global"),
    DOC("tags", "{}string", RW, NULL),
    DOC("properties.virtualNetwork.id", "string", REQ, "Resource id of the virtual network."),
    DOC("properties.registrationEnabled", "boolean", RW, NULL),
    DOC("properties.resolutionPolicy", "Default|NxDomainRedirect", RW, NULL),
    DOC("properties.virtualNetworkLinkState", "string", RO, NULL),
    DOC("properties.provisioningState", "string", RO, NULL),
};
static const struct property link_rows[] = {
    DOC("id", "string", RO, "Resource id."), DOC("name", "string", RO, NULL), DOC("type", "string", RO, NULL),
    DOC("properties.groupId", "string", RO, NULL), DOC("properties.requiredMembers", "[]string", RO, NULL),
    DOC("properties.requiredZoneNames", "[]string", RO, NULL),
};
const struct description network_descriptions[] = {
    DESCRIPTION("VirtualNetwork", network_rows, "A virtual network. A resource group that has any must have every subnet that is named in it."),
    DESCRIPTION_PART("VirtualNetworkPatch", network_rows, NULL, ACCESS_PATCH),
    DESCRIPTION("Subnet", subnet_rows, NULL),
    DESCRIPTION("PrivateEndpoint", endpoint_rows, "A private endpoint. It makes a private endpoint connection on its servers."),
    DESCRIPTION("PrivateDnsZone", zone_rows, "A private DNS zone. It is kept and shown; it answers no names."),
    DESCRIPTION("VirtualNetworkLink", zone_link_rows, NULL),
    DESCRIPTION("PrivateLinkResource", link_rows, NULL),
};
/* clang-format on */
const size_t network_description_count = ARRAY_LEN(network_descriptions);
