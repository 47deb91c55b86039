#include "fleet.hpp"

#include <infra/queue/redis_doctor.hpp>

#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

namespace infra::queue::interop {
namespace {

// The next of an append-only file's commands, as its words; empty at the end.
std::vector<std::string> next_command(std::istream& file) {
    std::string line;
    while (std::getline(file, line))
        if (line.starts_with('*'))
            break;
    std::vector<std::string> words(file ? std::stoul(line.substr(1)) : 0);
    for (auto& word : words) {
        std::getline(file, line); // $ and how long it is
        word.resize(std::stoul(line.substr(1)));
        file.read(word.data(), static_cast<std::streamsize>(word.size()));
        std::getline(file, line);
    }
    return words;
}

// Also what moves whoever stands at an end of a list.
bool tells_of(const std::vector<std::string>& command, const std::string& id) {
    constexpr std::string_view at_an_end[] = {"LTRIM", "LPOP", "RPOP", "LMOVE", "RPOPLPUSH"};
    if (std::ranges::find(at_an_end, command[0]) != std::end(at_an_end))
        return true;
    return std::ranges::any_of(command, [&](const auto& word) {
        return word == id || word.ends_with(':' + id) || word.ends_with(':' + id + ":lock");
    });
}

std::string shown(const std::vector<std::string>& command) {
    std::string all;
    for (const auto& word : command)
        all.append(1, ' ').append(word.substr(0, 60));
    return all + '\n';
}

// What a server that keeps a file has written there of the job, with the number of the transaction that it was part of.
std::string history_of(const testing::redis_server& server, const std::string& id) {
    std::string all;
    std::error_code none;
    for (const auto& each : std::filesystem::directory_iterator(server.folder() + "/appendonlydir", none)) {
        if (each.path().extension() != ".aof")
            continue;
        std::ifstream file(each.path());
        int transaction = 0;
        for (auto command = next_command(file); !command.empty(); command = next_command(file)) {
            transaction += command[0] == "MULTI";
            if (tells_of(command, id))
                all += std::to_string(transaction) + shown(command);
        }
    }
    return all;
}

} // namespace

our_program::our_program(redis_queue_options at) : jobs(make_redis_backend(std::move(at), {loop_.get_executor()})) {
    loop_.start();
}

our_program::~our_program() {
    try {
        stop_work();
        await(jobs.stop(deadline::after(10s)));
    } catch (const std::exception& e) {
        ADD_FAILURE() << "our program does not stop: " << e.what();
    }
}

job_id our_program::add(std::string queue, std::string name, json::value data, enqueue_options options) {
    options.queue = std::move(queue);
    return await(jobs.enqueue(name, data, std::move(options)));
}

std::optional<job_info> our_program::info(std::string queue, job_id id) {
    return await(jobs.find_job(job_key{std::move(queue), std::move(id)}));
}

void our_program::work(worker_options options) {
    worker_.emplace(jobs, std::move(options));
    worked_ = asio::co_spawn(loop_.get_executor(), worker_->run(), asio::use_future);
}

void our_program::stop_work() {
    if (!worker_)
        return;
    await(worker_->stop(5s));
    worker_.reset();
    worked_.get();
}

void QueueInterop::SetUp() {
    if (!testing::redis_server::installed())
        GTEST_SKIP() << testing::redis_server::how_to_install;
    if (const auto why = node::missing(); !why.empty())
        GTEST_SKIP() << why;
    server.emplace();
    node_side.emplace(GetParam(), server->port());
    us.emplace(options_of_ours());
}

void QueueInterop::TearDown() {
    if (!us)
        return;
    us->stop_work();
    says("await closed()");
    for (const auto& each : us->await(examine(options_of_ours())).findings)
        ADD_FAILURE() << "the doctor says: " << to_string(each.what) << " " << each.queue << " " << each.id << ": "
                      << each.detail << '\n'
                      << history_of(*server, each.id);
    us.reset();
}

redis_queue_options QueueInterop::options_of_ours() const {
    return {.server = redis::options_from(server->url()), .stalled_interval = 200ms};
}

std::string QueueInterop::refuses(std::string_view body, json::value given) {
    try {
        return "not, but answers " + says(body, std::move(given));
    } catch (const std::runtime_error& e) {
        return e.what();
    }
}

bool until(const std::function<bool()>& holds) {
    const auto give_up = std::chrono::steady_clock::now() + 20s;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > give_up)
            return false;
        std::this_thread::sleep_for(2ms);
    }
    return true;
}

} // namespace infra::queue::interop
