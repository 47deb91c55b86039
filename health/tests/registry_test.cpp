#include "support.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>

namespace infra::health {
namespace {

using namespace std::chrono_literals;

template <class F>
std::string refusal(F act) {
    try {
        act();
    } catch (const std::invalid_argument& e) {
        return e.what();
    }
    return "accepted";
}

TEST(HealthRegistry, RefusesBadOptionsByName) {
    EXPECT_EQ(refusal([] { registry r({.deadline = 0ms}); }), "health::registry_options::deadline must be more than 0");
    EXPECT_EQ(refusal([] { registry r({.max_threads = 0}); }),
              "health::registry_options::max_threads must be 1 to 1024");
    EXPECT_EQ(refusal([] { registry r({.max_threads = 1025}); }),
              "health::registry_options::max_threads must be 1 to 1024");
    EXPECT_EQ(refusal([] { registry r({.time = nullptr}); }), "health::registry_options::time must not be null");
}

TEST(HealthRegistry, RefusesBadChecksByName) {
    world w;
    const auto add = [&](std::string name, check_options options = {}) {
        return refusal([&] { w.checks.add(std::move(name), [] {}, options); });
    };
    EXPECT_EQ(add("x", {.timeout = 0ms}), "health::check_options::timeout must be more than 0");
    EXPECT_EQ(add("x", {.cache_for = -1ms}), "health::check_options::cache_for must not be negative");
    const std::string bad_name = "health: the name of a check must be 1 to 128 bytes of UTF-8";
    EXPECT_EQ(add(""), bad_name);
    EXPECT_EQ(add(std::string(129, 'n')), bad_name);
    EXPECT_EQ(add("\xff"), bad_name);
    EXPECT_EQ(add(std::string(128, 'n')), "accepted");
}

TEST(HealthChecker, RefusesNothingToCall) {
    check_result (*missing)() = nullptr;
    EXPECT_EQ(refusal([&] { checker c(missing); }), "health: a check must not be null");
    EXPECT_EQ(refusal([] { checker c(std::function<void()>{}); }), "health: a check must not be null");
    EXPECT_EQ(refusal([] { checker c([] {}); }), "accepted");
}

TEST(HealthChecker, TakesFunctionsThatCanOnlyBeMoved) {
    world w;
    w.checks.add("owner", [owned = std::make_unique<int>(1)] { return degraded(std::to_string(*owned)); });
    EXPECT_EQ(w.report().checks.at("owner").message, "1");
}

} // namespace
} // namespace infra::health
