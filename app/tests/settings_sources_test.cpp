#include <infra/app/settings.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

// The table of settings is whole: whatever variable the sources ask for is in it.

namespace infra::app {
namespace {

namespace fs = std::filesystem;

std::string contents_of(const fs::path& file) {
    std::ifstream from(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(from), {}};
}

void add_matches(std::set<std::string>& to, const std::string& text, const std::regex& what) {
    for (std::sregex_iterator each(text.begin(), text.end(), what), end; each != end; ++each)
        to.insert((*each)[1]);
}

// Names that a source reads, and parts of which it makes them: "OTEL_BSP_" and "SCHEDULE_DELAY".
std::set<std::string> asked_for_in(const std::string& source) {
    static const std::regex any_name(R"re("([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)")re");
    static const std::regex read(
        R"re(\b(?:get|get_or|has|integer|boolean|duration|bytes|getenv)\(\s*"([A-Z][A-Z0-9_]*)")re");
    std::set<std::string> names;
    const bool looks_around =
        source.find("environment") != std::string::npos || source.find("getenv") != std::string::npos;
    if (!looks_around)
        return names;
    add_matches(names, source, any_name);
    add_matches(names, source, read);
    return names;
}

bool is_part_of_a_known_name(const std::string& name) {
    const auto part = "_" + name + (name.ends_with('_') ? "" : "_");
    return std::ranges::any_of(known_settings(), [&part](const setting& each) {
        return ("_" + std::string(each.name) + "_").find(part) != std::string::npos;
    });
}

bool is_known(const std::string& name) {
    constexpr std::string_view file = "_FILE";
    const auto stem = name.ends_with(file) ? name.substr(0, name.size() - file.size()) : name;
    return find_setting(name) || find_setting(stem) || is_part_of_a_known_name(name);
}

// What looks like a variable in a source that reads some: written for others, or for a file with a secret in it.
bool is_none(const std::string& name) {
    static const std::set<std::string> others{"SECRET", "SECRET_FILE", "LOGIN", "PLAIN", "XOAUTH2", "OAUTHBEARER"};
    return name.starts_with("INFRA_JOB_") || others.contains(name);
}

std::set<std::string> unknown_in(const std::string& source) {
    auto names = asked_for_in(source);
    std::erase_if(names, [](const std::string& name) { return is_known(name) || is_none(name); });
    return names;
}

bool is_scanned(const fs::path& file) {
    static const std::set<std::string> left_out{"tests", "bench", "peers", "build", "node_modules", ".git"};
    if (file.extension() != ".cpp" && file.extension() != ".hpp")
        return false;
    return std::ranges::none_of(file, [](const fs::path& part) { return left_out.contains(part.string()); });
}

std::vector<fs::path> sources() {
    const fs::path root = INFRA_SOURCES;
    std::vector<fs::path> found;
    for (const auto& room : fs::directory_iterator(root)) {
        if (!room.is_directory() || room.path().filename() == "build" ||
            room.path().filename().string().starts_with('.'))
            continue;
        for (const auto& file : fs::recursive_directory_iterator(room))
            if (is_scanned(file.path().lexically_relative(root)))
                found.push_back(file.path());
    }
    return found;
}

TEST(SettingsTable, HasEveryVariableThatTheSourcesAskFor) {
    const auto files = sources();
    EXPECT_GT(files.size(), 500u);
    std::set<std::string> asked;
    for (const auto& file : files) {
        const auto text = contents_of(file);
        asked.merge(asked_for_in(text));
        for (const auto& name : unknown_in(text))
            ADD_FAILURE() << file << " asks for " << name << ", which is not in app/src/settings/table.cpp";
    }
    for (const char* each : {"PORT", "QUEUE_URL", "S3_BUCKET", "OTEL_EXPORTER_OTLP_ENDPOINT", "LOG_LEVEL", "TZDIR"})
        EXPECT_TRUE(asked.contains(each)) << each << " is not found any more; does the scan still see anything?";
}

TEST(SettingsTable, WouldMissAVariableThatWasForgotten) {
    const std::set<std::string> forgotten{"QUEUE_COLOUR"};
    EXPECT_EQ(unknown_in(R"(void f(const environment& v) { v.get("QUEUE_COLOUR"); v.get("QUEUE_URL"); })"), forgotten);
    EXPECT_EQ(unknown_in(R"(std::getenv("QUEUE_COLOUR"))"), forgotten);
    EXPECT_EQ(unknown_in(R"(of(environment, "OTEL_BSP_", "SCHEDULE_DELAY", "QUEUE_COLOUR"))"), forgotten);
    EXPECT_EQ(unknown_in(R"(variables.get("COLOUR") // environment)"), std::set<std::string>{"COLOUR"});
    EXPECT_TRUE(unknown_in(R"(a command of Redis: "GEORADIUS_RO")").empty());
}

} // namespace
} // namespace infra::app
