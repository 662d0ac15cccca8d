#include "core/diameter/names.h"

#include <algorithm>
#include <span>

namespace spanlight::diameter {
namespace {

constexpr Command kCommands[] = {{257, "CE", "Capabilities-Exchange"},
                                 {258, "RA", "Re-Auth"},
                                 {260, "AM", "AA-Mobile-Node"},
                                 {262, "HA", "Home-Agent-MIP"},
                                 {265, "AA", "AA"},
                                 {268, "DE", "Diameter-EAP"},
                                 {271, "AC", "Accounting"},
                                 {272, "CC", "Credit-Control"},
                                 {274, "AS", "Abort-Session"},
                                 {275, "ST", "Session-Termination"},
                                 {280, "DW", "Device-Watchdog"},
                                 {282, "DP", "Disconnect-Peer"},
                                 {283, "UA", "User-Authorization"},
                                 {284, "SA", "Server-Assignment"},
                                 {285, "LI", "Location-Info"},
                                 {286, "MA", "Multimedia-Auth"},
                                 {287, "RT", "Registration-Termination"},
                                 {288, "PP", "Push-Profile"},
                                 {300, "UA", "User-Authorization"},
                                 {301, "SA", "Server-Assignment"},
                                 {302, "LI", "Location-Info"},
                                 {303, "MA", "Multimedia-Auth"},
                                 {304, "RT", "Registration-Termination"},
                                 {305, "PP", "Push-Profile"},
                                 {306, "UD", "User-Data"},
                                 {307, "PU", "Profile-Update"},
                                 {308, "SN", "Subscribe-Notifications"},
                                 {309, "PN", "Push-Notification"},
                                 {316, "UL", "Update-Location"},
                                 {317, "CL", "Cancel-Location"},
                                 {318, "AI", "Authentication-Information"},
                                 {319, "ID", "Insert-Subscriber-Data"},
                                 {320, "DS", "Delete-Subscriber-Data"},
                                 {321, "PU", "Purge-UE"},
                                 {322, "RS", "Reset"},
                                 {323, "NO", "Notify"},
                                 {324, "EC", "ME-Identity-Check"},
                                 {8'388'620, "PL", "Provide-Location"},
                                 {8'388'621, "LR", "Location-Report"},
                                 {8'388'622, "RI", "LCS-Routing-Info"},
                                 {8'388'635, "SL", "Spending-Limit"},
                                 {8'388'636, "SN", "Spending-Status-Notification"}};
static_assert(std::ranges::is_sorted(kCommands, {}, &Command::code));

struct Named {
  std::uint32_t code;
  std::string_view name;
};
constexpr Named kApplications[] = {
    {0, "Common"},           {1, "NASREQ"},       {2, "Mobile-IPv4"},  {3, "Accounting"},
    {4, "Credit-Control"},   {5, "EAP"},          {6, "SIP"},          {16'777'216, "Cx"},
    {16'777'217, "Sh"},      {16'777'219, "Wx"},  {16'777'222, "Gq"},  {16'777'224, "Gx-R5"},
    {16'777'236, "Rx"},      {16'777'238, "Gx"},  {16'777'250, "STa"}, {16'777'251, "S6a"},
    {16'777'252, "S13"},     {16'777'255, "SLg"}, {16'777'264, "SWm"}, {16'777'265, "SWx"},
    {16'777'266, "Gxx"},     {16'777'267, "S9"},  {16'777'272, "S6b"}, {16'777'291, "SLh"},
    {16'777'302, "Sy"},      {16'777'303, "Sd"},  {16'777'308, "S7a"}, {16'777'310, "S6m"},
    {16'777'312, "S6c"},     {16'777'313, "SGd"}, {16'777'345, "S6t"}, {16'777'346, "T6a"},
    {4'294'967'295, "Relay"}};
static_assert(std::ranges::is_sorted(kApplications, {}, &Named::code));

constexpr Named kResults[] = {{1001, "DIAMETER_MULTI_ROUND_AUTH"},
                              {2001, "DIAMETER_SUCCESS"},
                              {2002, "DIAMETER_LIMITED_SUCCESS"},
                              {3001, "DIAMETER_COMMAND_UNSUPPORTED"},
                              {3002, "DIAMETER_UNABLE_TO_DELIVER"},
                              {3003, "DIAMETER_REALM_NOT_SERVED"},
                              {3004, "DIAMETER_TOO_BUSY"},
                              {3005, "DIAMETER_LOOP_DETECTED"},
                              {3006, "DIAMETER_REDIRECT_INDICATION"},
                              {3007, "DIAMETER_APPLICATION_UNSUPPORTED"},
                              {3008, "DIAMETER_INVALID_HDR_BITS"},
                              {3009, "DIAMETER_INVALID_AVP_BITS"},
                              {3010, "DIAMETER_UNKNOWN_PEER"},
                              {4001, "DIAMETER_AUTHENTICATION_REJECTED"},
                              {4002, "DIAMETER_OUT_OF_SPACE"},
                              {4003, "ELECTION_LOST"},
                              {4010, "DIAMETER_END_USER_SERVICE_DENIED"},
                              {4011, "DIAMETER_CREDIT_CONTROL_NOT_APPLICABLE"},
                              {4012, "DIAMETER_CREDIT_LIMIT_REACHED"},
                              {5001, "DIAMETER_AVP_UNSUPPORTED"},
                              {5002, "DIAMETER_UNKNOWN_SESSION_ID"},
                              {5003, "DIAMETER_AUTHORIZATION_REJECTED"},
                              {5004, "DIAMETER_INVALID_AVP_VALUE"},
                              {5005, "DIAMETER_MISSING_AVP"},
                              {5006, "DIAMETER_RESOURCES_EXCEEDED"},
                              {5007, "DIAMETER_CONTRADICTING_AVPS"},
                              {5008, "DIAMETER_AVP_NOT_ALLOWED"},
                              {5009, "DIAMETER_AVP_OCCURS_TOO_MANY_TIMES"},
                              {5010, "DIAMETER_NO_COMMON_APPLICATION"},
                              {5011, "DIAMETER_UNSUPPORTED_VERSION"},
                              {5012, "DIAMETER_UNABLE_TO_COMPLY"},
                              {5013, "DIAMETER_INVALID_BIT_IN_HEADER"},
                              {5014, "DIAMETER_INVALID_AVP_LENGTH"},
                              {5015, "DIAMETER_INVALID_MESSAGE_LENGTH"},
                              {5016, "DIAMETER_INVALID_AVP_BIT_COMBO"},
                              {5017, "DIAMETER_NO_COMMON_SECURITY"},
                              {5030, "DIAMETER_USER_UNKNOWN"},
                              {5031, "DIAMETER_RATING_FAILED"}};
static_assert(std::ranges::is_sorted(kResults, {}, &Named::code));

constexpr std::uint32_t kVendor3gpp = 10'415;
constexpr Named kExperimental[] = {{2001, "DIAMETER_FIRST_REGISTRATION"},
                                   {2002, "DIAMETER_SUBSEQUENT_REGISTRATION"},
                                   {2003, "DIAMETER_UNREGISTERED_SERVICE"},
                                   {2004, "DIAMETER_SUCCESS_SERVER_NAME_NOT_STORED"},
                                   {4100, "DIAMETER_USER_DATA_NOT_AVAILABLE"},
                                   {4101, "DIAMETER_PRIOR_UPDATE_IN_PROGRESS"},
                                   {4181, "DIAMETER_AUTHENTICATION_DATA_UNAVAILABLE"},
                                   {5001, "DIAMETER_ERROR_USER_UNKNOWN"},
                                   {5002, "DIAMETER_ERROR_IDENTITIES_DONT_MATCH"},
                                   {5003, "DIAMETER_ERROR_IDENTITY_NOT_REGISTERED"},
                                   {5004, "DIAMETER_ERROR_ROAMING_NOT_ALLOWED"},
                                   {5005, "DIAMETER_ERROR_IDENTITY_ALREADY_REGISTERED"},
                                   {5006, "DIAMETER_ERROR_AUTH_SCHEME_NOT_SUPPORTED"},
                                   {5007, "DIAMETER_ERROR_IN_ASSIGNMENT_TYPE"},
                                   {5008, "DIAMETER_ERROR_TOO_MUCH_DATA"},
                                   {5065, "IP-CAN_SESSION_NOT_AVAILABLE"},
                                   {5140, "DIAMETER_ERROR_INITIAL_PARAMETERS"},
                                   {5141, "DIAMETER_ERROR_TRIGGER_EVENT"},
                                   {5142, "DIAMETER_PCC_RULE_EVENT"},
                                   {5143, "DIAMETER_ERROR_BEARER_NOT_AUTHORIZED"},
                                   {5420, "DIAMETER_ERROR_UNKNOWN_EPS_SUBSCRIPTION"},
                                   {5421, "DIAMETER_ERROR_RAT_NOT_ALLOWED"},
                                   {5422, "DIAMETER_ERROR_EQUIPMENT_UNKNOWN"},
                                   {5423, "DIAMETER_ERROR_UNKNOWN_SERVING_NODE"}};
static_assert(std::ranges::is_sorted(kExperimental, {}, &Named::code));

std::string_view name_in(std::span<const Named> table, std::uint32_t code) {
  const auto found = std::ranges::lower_bound(table, code, {}, &Named::code);
  return found != table.end() && found->code == code ? found->name : std::string_view{};
}

}  // namespace

const Command* find_command(std::uint32_t code) {
  const auto* found = std::ranges::lower_bound(kCommands, code, {}, &Command::code);
  return found != std::end(kCommands) && found->code == code ? found : nullptr;
}

std::string_view application_name(std::uint32_t id) {
  return name_in(kApplications, id);
}

std::string_view result_name(std::uint32_t code) {
  return name_in(kResults, code);
}

std::string_view experimental_name(std::uint32_t vendor, std::uint32_t code) {
  return vendor == kVendor3gpp ? name_in(kExperimental, code) : std::string_view{};
}

}  // namespace spanlight::diameter
