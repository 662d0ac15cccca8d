#include "filter/catalog.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <set>

#include "record/reader.h"

namespace spanlight {
namespace {

using wire::FieldType;

const FilterVariable* variable(const std::vector<FilterVariable>& all, std::string_view name) {
  const auto at =
      std::find_if(all.begin(), all.end(), [&](const FilterVariable& v) { return v.name == name; });
  return at == all.end() ? nullptr : &*at;
}

FilterType type_in(const FilterCatalog& catalog, std::string_view name) {
  const filter::Binding* binding = catalog.find(name);
  EXPECT_NE(binding, nullptr) << name;
  return binding == nullptr ? FilterType::boolean : binding->variable.type;
}

TEST(FilterCatalog, KnowsWhatEveryRecordHasAndWhatKflNames) {
  const FilterCatalog catalog;
  struct Case {
    const char* name;
    FilterType type;
  };
  for (const Case& c : std::initializer_list<Case>{{"method", FilterType::text},
                                                   {"status_code", FilterType::integer},
                                                   {"src.ip", FilterType::address},
                                                   {"dst.pod.name", FilterType::text},
                                                   {"remote.labels", FilterType::text_map},
                                                   {"local_labels", FilterType::text_map},
                                                   {"request.headers", FilterType::text_map},
                                                   {"vlan", FilterType::integer_list},
                                                   {"timestamp", FilterType::timestamp},
                                                   {"http", FilterType::boolean},
                                                   {"tcp_conn", FilterType::boolean},
                                                   {"dns_questions", FilterType::text_list},
                                                   {"redis_command", FilterType::text},
                                                   {"cql_query", FilterType::text},
                                                   {"tlsx_sni", FilterType::text},
                                                   {"ws_opcode", FilterType::text},
                                                   {"mysql_error_code", FilterType::integer},
                                                   {"postgresql_error_code", FilterType::text},
                                                   {"error_code", FilterType::dynamic},
                                                   {"kafka_request_size", FilterType::integer}})
    EXPECT_EQ(type_in(catalog, c.name), c.type) << c.name;
  EXPECT_EQ(catalog.find("nothing_like_it"), nullptr);
}

TEST(FilterCatalog, VariablesAreSortedNamedOnceAndSayWhatTheyMean) {
  const std::vector<FilterVariable> all = FilterCatalog().variables();
  std::set<std::string> names;
  for (const FilterVariable& v : all) {
    EXPECT_TRUE(names.insert(v.name).second) << v.name;
    EXPECT_TRUE(!v.protocol.empty() || !v.meaning.empty()) << v.name;
  }
  EXPECT_TRUE(
      std::is_sorted(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; }));
  const FilterVariable* state = variable(all, "state");
  ASSERT_NE(state, nullptr);
  EXPECT_EQ(state->values.front(), "complete");
  EXPECT_TRUE(variable(all, "local.ip")->alias);
  EXPECT_FALSE(variable(all, "src.ip")->alias);
}

TEST(FilterCatalog, WhatASensorSaysGoesBeforeWhatKflSays) {
  FilterCatalog catalog;
  catalog.add_protocol("mysql", "MySQL", {{"error_code", FieldType::text, false, true, "As text"}});
  EXPECT_EQ(type_in(catalog, "mysql_error_code"), FilterType::text);
  EXPECT_EQ(catalog.find("mysql_error_code")->field.side, filter::Side::response);
  EXPECT_EQ(catalog.find("mysql_error_code")->variable.meaning, "As text");
}

TEST(FilterCatalog, SensorsThatDisagreeMakeAFieldDynamic) {
  FilterCatalog catalog;
  catalog.add_protocol("zz", "", {{"size", FieldType::integer, true, false, ""}});
  catalog.add_protocol("zz", "", {{"size", FieldType::text, false, true, ""}});
  EXPECT_EQ(type_in(catalog, "zz_size"), FilterType::dynamic);
  EXPECT_EQ(catalog.find("zz_size")->field.side, filter::Side::either);
}

TEST(FilterCatalog, ANewProtocolIsAFlagAndItsFieldsHaveBothNames) {
  FilterCatalog catalog;
  catalog.add_protocol(
      "smtp", "SMTP",
      {{"sender", FieldType::text, true, false, "MAIL FROM"}, {"method", FieldType::text, true, true, ""}});
  EXPECT_EQ(type_in(catalog, "smtp"), FilterType::boolean);
  EXPECT_EQ(type_in(catalog, "smtp_sender"), FilterType::text);
  EXPECT_EQ(type_in(catalog, "sender"), FilterType::text);
  EXPECT_TRUE(catalog.find("smtp_method")->is_field);
  EXPECT_FALSE(catalog.find("method")->is_field) << "what every record has keeps its name";
  EXPECT_EQ(catalog.find("smtp_total_size")->var, filter::Var::total_size);
}

TEST(FilterCatalog, IsMadeOfAHello) {
  flatbuffers::FlatBufferBuilder builder;
  const auto field =
      wire::CreateFieldSpecDirect(builder, "subject", FieldType::text, true, false, "Subject line");
  std::vector<flatbuffers::Offset<wire::FieldSpec>> fields = {field};
  const auto full = wire::CreateProtocolDirect(builder, "smtp", "SMTP", &fields);
  std::vector<flatbuffers::Offset<wire::Protocol>> protocols = {full};
  wire::FinishHelloBuffer(builder, wire::CreateHelloDirect(builder, "rack12", 1, "0.1", 1, 1, 0, &protocols));
  const auto hello = open_hello({builder.GetBufferPointer(), builder.GetSize()});
  ASSERT_TRUE(hello);
  FilterCatalog catalog;
  catalog.add(*hello);
  EXPECT_EQ(type_in(catalog, "smtp_subject"), FilterType::text);
  EXPECT_EQ(catalog.find("smtp")->variable.meaning, "The call is SMTP");
}

TEST(FilterCatalog, WhatIsNoNameOrTooMuchIsLeftOutAndCounted) {
  FilterCatalog catalog;
  catalog.add_protocol("a b", "", {{"x", FieldType::text, true, true, ""}});
  catalog.add_protocol("ok", "",
                       {{"1st", FieldType::text, true, true, ""}, {"x'--", FieldType::text, true, true, ""}});
  EXPECT_EQ(catalog.left_out(), 4u);
  std::vector<FilterField> many;
  for (std::size_t i = 0; i < FilterCatalog::kFieldsMax + 3; ++i)
    many.push_back({"f" + std::to_string(i), FieldType::text, true, true, ""});
  catalog.add_protocol("many", "", many);
  EXPECT_EQ(catalog.left_out(), 7u);
  EXPECT_NE(catalog.find("ok"), nullptr);
}

TEST(FilterCatalog, NearestNamePrefersWhatIsNoAlias) {
  const FilterCatalog catalog;
  EXPECT_EQ(catalog.nearest("statuscode"), "status_code");
  EXPECT_EQ(catalog.nearest("src.pod.nam"), "src.pod.name");
  EXPECT_EQ(catalog.nearest("completely_different_thing"), "");
}

}  // namespace
}  // namespace spanlight
