#include "src/record_batch.hpp"

#include "src/json_text.hpp"

#include "support.hpp"

#include <boost/json/parse.hpp>

#include <cmath>

namespace infra::logging::detail {
namespace {

rendered_fields rendered(std::span<const field> fields) {
    rendered_fields out;
    for (const auto& f : fields)
        out.add(f.key, value_text(f, redactor({.keys = {}})));
    return out;
}

struct draft {
    std::vector<line_field> fields{};
    std::vector<field> of_logger{};
    std::string_view request_id{};
    const std::source_location* where = nullptr;
    std::size_t left_out = 0;
};

/// `{"key":value,…}` in the order of the record.
std::string fields_of(const draft& d) {
    const auto of_logger = rendered(d.of_logger);
    record_batch batch;
    batch.add({.time = "",
               .fields = d.fields,
               .left_out = d.left_out,
               .request_id = d.request_id,
               .of_logger = of_logger,
               .where = d.where ? source_place(*d.where) : source_place()});
    json::object out;
    for (const auto& each : batch.from(level::debug)[0].fields)
        EXPECT_TRUE(out.emplace(each.key, to_json(each)).second) << each.key << " twice";
    return json::to_text(out);
}

/// The same of the JSON line, without its head, its source and its count of fields left out.
std::string fields_of_line(const draft& d) {
    const auto of_logger = rendered(d.of_logger);
    line_buffer text;
    append_json_line(text, {.time = "t",
                            .fields = d.fields,
                            .left_out = d.left_out,
                            .request_id = d.request_id,
                            .of_logger = of_logger,
                            .where = d.where ? source_place(*d.where) : source_place()});
    auto line = boost::json::parse(std::string(text.view())).as_object();
    json::object out;
    for (const auto& each : line)
        if (each.key() != "timestamp" && each.key() != "level" && each.key() != "message" &&
            each.key() != "dropped_fields" && (each.key() != "source" || !d.where))
            out.emplace(each.key(), each.value());
    return json::to_text(out);
}

TEST(LogRecordBatch, HasTheFieldsOfTheJsonLineInTheirOrder) {
    const auto here = std::source_location::current();
    const draft table[] = {
        {},
        {.fields = {{"a", 1}, {"b", "x"}}, .of_logger = {{"l", true}}, .request_id = "r"},
        {.fields = {{"a", 1}, {"b", 2}, {"a", 3}}},
        {.fields = {{"l", 2}, {"a", 1}}, .of_logger = {{"k", 0}, {"l", 1}}},
        {.fields = {{"a", 1}, {"request_id", "own"}}, .request_id = "r"},
        {.fields = {{"a", 1}}, .of_logger = {{"request_id", "the logger's"}}, .request_id = "r"},
        {.fields = {{"request_id", "own"}}, .of_logger = {{"request_id", "the logger's"}}, .request_id = "r"},
        {.fields = {{"message", 1}, {"level", 2}, {"message_", 3}, {"trace_id", 4}}, .of_logger = {{"module", "m"}}},
        {.fields = {{"object", R"({"a":[1,"\u0085"]})", true}, {"text", "{}"}}},
        {.fields = {{"a", 1}}, .where = &here, .left_out = 5},
        {.fields = {{"", 1}, {"\xc3\xa9", "\xff"}, {"nan", std::nan("")}, {"none", nullptr}}},
        {.fields = {{"took", 12ms}, {"at", wall_time()}, {"big", ~std::uint64_t(0)}, {"half", 0.5}}},
    };
    for (const auto& each : table)
        EXPECT_EQ(fields_of(each), fields_of_line(each));
}

TEST(LogRecordBatch, KeepsWhatALineHasBesideItsFields) {
    const auto here = std::source_location::current();
    const rendered_fields none;
    record_batch batch;
    batch.add({.time = "",
               .at = wall_time(123ns),
               .severity = level::error,
               .module = "m",
               .message = "hello",
               .left_out = 7,
               .span = {{1, 2}, {3}, 1},
               .of_logger = none,
               .where = here});
    const auto& r = batch.from(level::debug)[0];
    EXPECT_EQ(r.time, wall_time(123ns));
    EXPECT_EQ(r.severity, level::error);
    EXPECT_EQ(r.module, "m");
    EXPECT_EQ(r.message, "hello");
    EXPECT_EQ(r.left_out, 7U);
    EXPECT_EQ(r.span, (span_context{{1, 2}, {3}, 1}));
    EXPECT_EQ(r.where.line, here.line());
}

TEST(LogRecordBatch, GivesEachRecordItsOwnFieldsThoughTheyMove) {
    const rendered_fields none;
    record_batch batch;
    for (int i = 0; i < 200; ++i) {
        const std::string gone = "\xc3\xa9" + std::to_string(i); // a key that lasts until the next record
        const line_field fields[] = {{gone, i}, {"level", i}};
        batch.add({.time = "", .fields = std::span(fields).first(i % 3 == 0 ? 0 : 2), .of_logger = none});
    }
    const auto all = batch.from(level::debug);
    ASSERT_EQ(all.size(), 200U);
    for (int i = 0; i < 200; ++i) {
        const auto& fields = all[static_cast<std::size_t>(i)].fields;
        ASSERT_EQ(fields.size(), i % 3 == 0 ? 0U : 2U);
        if (fields.empty())
            continue;
        EXPECT_EQ(fields[0].key, "\xc3\xa9" + std::to_string(i));
        EXPECT_EQ(fields[0].value.signed_integer(), i);
        EXPECT_EQ(fields[1].key, "level_");
    }
}

TEST(LogRecordBatch, PicksLevelsAndForgets) {
    const rendered_fields none;
    const line_field one[] = {{"a", 1}};
    record_batch batch;
    for (const auto l : {level::debug, level::error, level::info, level::warn})
        batch.add({.time = "", .severity = l, .fields = one, .of_logger = none});
    EXPECT_EQ(batch.from(level::warn).size(), 2U);
    EXPECT_EQ(batch.from(level::warn)[1].severity, level::warn);
    batch.shrink(1);
    ASSERT_EQ(batch.from(level::debug).size(), 1U);
    EXPECT_EQ(batch.from(level::debug)[0].fields.size(), 1U);
    batch.clear();
    EXPECT_TRUE(batch.from(level::debug).empty());
    EXPECT_EQ(batch.weight(), 0U);
}

TEST(LogRecordBatch, WeighsSoThat512RecordsAreABatch) {
    const rendered_fields none;
    record_batch batch;
    for (int i = 0; i < 512; ++i)
        batch.add({.time = "", .of_logger = none});
    EXPECT_EQ(batch.weight(), 64U * 1024);
}

} // namespace
} // namespace infra::logging::detail
