#include "joined_brokers.hpp"

#include "broker_conformance.hpp"
#include "sharded_medium.hpp"

namespace infra::realtime {
namespace {

class joined_medium final : public broker_medium {
public:
    std::shared_ptr<broker> node(std::size_t) override {
        nodes_.push_back(between_.node());
        return nodes_.back();
    }
    void cut(std::size_t n) override { between_.cut(*nodes_[n]); }
    void mend(std::size_t n) override { between_.mend(*nodes_[n]); }
    void forget_all() override { between_.forget_all(); }

private:
    joined_brokers between_;
    std::vector<std::shared_ptr<broker>> nodes_;
};

INSTANTIATE_TEST_SUITE_P(
    InOneProcess, BrokerConformance,
    ::testing::Values(
        broker_case{"Joined", [](infra::testing::test_loop&) { return std::make_unique<joined_medium>(); }},
        broker_case{"Sharded", [](infra::testing::test_loop&) { return std::make_unique<sharded_medium>(); }}),
    broker_case_name);

} // namespace
} // namespace infra::realtime
