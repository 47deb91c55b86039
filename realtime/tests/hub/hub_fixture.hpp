#pragma once

#include "recording.hpp"

#include <infra/realtime.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

namespace infra::realtime::tests {

class Hub : public ::testing::Test {
protected:
    std::shared_ptr<recording> join(const std::string& id, identity who = {}) {
        auto made = std::make_shared<recording>();
        subject.register_client(id, made, std::move(who));
        return made;
    }
    std::shared_ptr<recording> join(const std::string& id, std::shared_ptr<connection_group> of) {
        auto made = std::make_shared<recording>(std::move(of));
        subject.register_client(id, made);
        return made;
    }
    static std::string said(const std::string& type) { return R"({"type":")" + type + R"(","channel":"room"})"; }

    manual_clock time;
    testing::test_loop loop;
    hub subject{
        {.limits = {.max_clients_per_user = 2, .max_idempotency_keys = 2}, .on = loop.get_executor(), .time = &time}};
};

} // namespace infra::realtime::tests
