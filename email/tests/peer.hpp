#pragma once

/// A program of peers/email in Node.

#include <infra/base/json.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace infra::email::peer {

inline const std::string folder = INFRA_EMAIL_TESTS "/../../peers/email";

/// Why `package` cannot be run; empty if it can.
inline std::string missing(const std::string& package) {
    static const bool there = std::system("node --version >/dev/null 2>&1") == 0;
    if (!there)
        return "node is not installed (apt-get install nodejs npm)";
    if (!std::filesystem::exists(folder + "/node_modules/" + package))
        return package + " is not installed (npm ci in peers/email; ./test does it)";
    return {};
}

/// What `node script` prints.
inline json::value output_of(const std::string& script, const std::string& arguments = "") {
    auto* const pipe = ::popen(("node '" + folder + "/" + script + "' " + arguments).c_str(), "r");
    std::string out;
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe))
        out += static_cast<char>(c);
    EXPECT_EQ(::pclose(pipe), 0) << script;
    return json::parse(out, {.max_bytes = out.size() + 1, .max_depth = 32}).value();
}

} // namespace infra::email::peer
