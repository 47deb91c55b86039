#include "node.hpp"

#include <boost/json/parse.hpp>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace infra::queue::interop {
namespace {

const std::string peers = INFRA_QUEUE_TESTS "/../../peers/queue";

} // namespace

std::string node::missing() {
    static const bool there = std::system("node --version >/dev/null 2>&1") == 0;
    if (!there)
        return "node is not installed (apt-get install nodejs npm)";
    if (!std::filesystem::exists(peers + "/node_modules/bullmq-5") ||
        !std::filesystem::exists(peers + "/node_modules/@bull-board"))
        return "BullMQ is not installed (npm ci in peers/queue; ./test does it)";
    return {};
}

node::node(int major, std::uint16_t port)
    : process_({"node", peers + "/interop.mjs", std::to_string(major), std::to_string(port)}) {}

int node::begin(std::string_view body, json::value given) {
    process_.write_line(json::to_text(json::value{{"n", ++last_}, {"run", body}, {"with", std::move(given)}}));
    return last_;
}

json::value node::result(int number) {
    const auto key = std::to_string(number);
    while (!early_.contains(key)) {
        auto answer = boost::json::parse(process_.line());
        early_[std::to_string(answer.at("n").as_int64())] = std::move(answer);
    }
    const auto answer = early_.at(key).as_object();
    early_.erase(key);
    if (const auto* failure = answer.if_contains("error"))
        throw std::runtime_error(std::string(failure->as_string()));
    return answer.at("value");
}

} // namespace infra::queue::interop
