#pragma once

// A verb before a service of the test's own, whose token is in the environment as long as the test lasts.
//
//     struct LogsCommand : verb_at<top_service> {
//         LogsCommand() : verb_at("logs", add_logs) {}
//     };

#include "src/frame.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace infra::cli {

template <class Service>
class verb_at : public ::testing::Test {
protected:
    verb_at(std::string verb, void (*add)(frame&)) : verb_(std::move(verb)), add_(add) {
        ::setenv("INFRA_ADMIN_TOKEN", std::string(Service::token).c_str(), 1);
    }
    ~verb_at() override { ::unsetenv("INFRA_ADMIN_TOKEN"); }

    int run(std::vector<std::string> words) {
        std::ostringstream to, problems;
        frame f(to, problems);
        add_(f);
        words.insert(words.begin(), verb_);
        words.insert(words.end(), {"--url", shop.url()});
        const int code = f.run(std::move(words));
        out = to.str();
        err = problems.str();
        return code;
    }

    Service shop;
    std::string out, err;

private:
    const std::string verb_;
    void (*const add_)(frame&);
};

} // namespace infra::cli
