#include <infra/email/log.hpp>

#include "tests/support.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/telemetry.hpp>

#include <gtest/gtest.h>

#include <map>

namespace infra::email {
namespace {

using line = std::map<std::string, std::string>;

/// The fields of each line; one at a time, since the table belongs to the process.
std::vector<line>& lines() {
    static std::vector<line> all;
    return all;
}

bool enabled(level, std::string_view) noexcept { return true; }
void write(const log_record& r) noexcept {
    line one{{"", std::string(r.message)}};
    for (const auto& [key, value] : r.fields) {
        if (value.type() == field_value::kind::text)
            one[std::string(key)] = value.text();
        if (value.type() == field_value::kind::unsigned_integer)
            one[std::string(key)] = std::to_string(value.unsigned_integer());
    }
    lines().push_back(std::move(one));
}
constexpr telemetry::log_functions table{&enabled, &write};

struct LogTransport : ::testing::Test {
    LogTransport() {
        lines().clear();
        telemetry::install(&table);
    }
    ~LogTransport() override { telemetry::install(static_cast<const telemetry::log_functions*>(nullptr)); }

    static awaitable<std::vector<delivery>> deliver_all(std::shared_ptr<transport> to, std::vector<mail> all) {
        co_return co_await to->deliver(std::move(all), deadline::never());
    }
    static line line_of(log_options options, mail m) {
        const auto done = run(deliver_all(make_log_transport(options), {std::move(m)}));
        EXPECT_EQ(done.at(0).id, "id-1");
        EXPECT_EQ(lines().size(), 1u);
        return lines().at(0);
    }

    mail m{.id = "id-1",
           .from = "shop@x.org",
           .to = {"ann@example.org", "bo@example.org"},
           .cc = {"cy@example.org"},
           .subject = "Your result",
           .text = "it is positive"};
};

TEST_F(LogTransport, TellsOfAMailWithoutItsWordsAndPeople) {
    const line expected{{"", "would be sent"},
                        {"message_id", "id-1"},
                        {"to", "a…@example.org"},
                        {"recipients", "3"},
                        {"attachments", "0"}};
    EXPECT_EQ(line_of({}, m), expected);
}

TEST_F(LogTransport, ShowsWordsWhenAskedTo) {
    const auto shown = line_of({.text = true}, m);
    EXPECT_EQ(shown.at("subject"), "Your result");
    EXPECT_EQ(shown.at("text"), "it is positive");
}

TEST_F(LogTransport, CutsALongTextBetweenCharacters) {
    m.text = "x";
    while (m.text.size() < 20'000)
        m.text += "ü";
    const auto text = line_of({.text = true}, m).at("text");
    EXPECT_LE(text.size(), 16 * 1024 + 6u);
    EXPECT_TRUE(encoding::is_utf8(text));
    EXPECT_TRUE(text.ends_with("…"));
}

} // namespace
} // namespace infra::email
