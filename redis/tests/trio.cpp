#include "tests/trio.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace infra::redis {

void process::start() {
    std::vector<char*> arguments;
    for (auto& each : words_)
        arguments.push_back(each.data());
    arguments.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        const int null = ::open("/dev/null", O_WRONLY);
        ::dup2(null, STDOUT_FILENO);
        ::execvp(arguments[0], arguments.data());
        ::_exit(127);
    }
}

void process::kill() {
    if (pid_ <= 0)
        return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

void process::pause() const { ::kill(pid_, SIGSTOP); }
void process::proceed() const { ::kill(pid_, SIGCONT); }

namespace {

std::vector<std::string> with_secret(const std::string& secret, std::vector<std::string> more = {}) {
    if (!secret.empty())
        more.insert(more.end(), {"--requirepass", secret, "--masterauth", secret});
    return more;
}

} // namespace

trio::trio(test_loop& loop, std::string secret, std::string sentinels_secret, const identity* tls)
    : loop_(loop), secret_(std::move(secret)), sentinels_secret_(std::move(sentinels_secret)), tls_(tls) {
    start_server({});
    start_server({"--replicaof", "127.0.0.1 " + std::to_string(server_ports_[0])});
    for (int i = 0; i < 3; ++i)
        start_sentinel();
    for (std::size_t i = 0; i < ports_.size(); ++i)
        keep_awake(i);
    until_they_know_each_other();
}

void trio::start_server(std::vector<std::string> more) {
    if (tls_) {
        server_ports_.push_back(free_port());
        const auto all = tls_->words_of_a_server(server_ports_.back());
        more.insert(more.end(), all.begin(), all.end());
        more.insert(more.end(), {"--tls-replication", "yes"});
    }
    servers_.push_back(std::make_unique<server>(with_secret(secret_, std::move(more)), !tls_));
    if (!tls_)
        server_ports_.push_back(servers_.back()->port());
}

std::string trio::words_of_a_sentinel(std::uint16_t port) const {
    if (!tls_)
        return "port " + std::to_string(port) + "\n";
    std::string words = "port 0\ntls-replication yes\n";
    const auto all = tls_->words_of_a_server(port);
    for (std::size_t i = 0; i < all.size(); i += 2)
        words += all[i].substr(2) + " " + all[i + 1] + "\n";
    return words;
}

void trio::start_sentinel() {
    const auto port = free_port();
    const auto home = folder_.path() + "/" + std::to_string(sentinels_.size());
    std::filesystem::create_directory(home);
    const std::string of = std::string("sentinel ");
    const std::string shop = std::string(" ") + name + " ";
    std::ofstream file(home + "/sentinel.conf");
    file << words_of_a_sentinel(port) << "bind 127.0.0.1\ndir " << home << "\nlogfile " << home
         << "/log\nloglevel warning\n"
         << "sentinel monitor" << shop << "127.0.0.1 " << server_ports_[0] << " 2\n"
         << "sentinel down-after-milliseconds" << shop << "500\n"
         << "sentinel failover-timeout" << shop << "3000\n";
    if (!secret_.empty())
        file << "sentinel auth-pass" << shop << secret_ << "\n";
    if (!sentinels_secret_.empty())
        file << "requirepass " << sentinels_secret_ << "\nsentinel sentinel-pass " << sentinels_secret_ << "\n";
    file.close();
    ports_.push_back(port);
    sentinels_.push_back(
        std::make_unique<process>(std::vector<std::string>{"redis-server", home + "/sentinel.conf", "--sentinel"}));
}

// A sentinel that the machine has kept waiting for two seconds distrusts its clock and does nothing for thirty more, within
// which no test would see a failover. Redis 7 lets us say what counts as long.
void trio::keep_awake(std::size_t i) {
    loop_.until([&] { return ask(to_sentinel(i), {"PING"}).type() == reply::kind::text; });
    ask(to_sentinel(i), {"SENTINEL", "DEBUG", "TILT-TRIGGER", 60'000});
}

options trio::to() const {
    sentinel_options them{.master = name, .password = sentinels_secret_};
    for (const auto port : ports_)
        them.sentinels.push_back({.host = "127.0.0.1", .port = port});
    options made{.sentinel = them, .password = secret_};
    if (tls_)
        made.tls = tls_options{.ca_file = tls_->certificate()};
    return made;
}

std::string trio::url() const {
    std::string out = tls_ ? "rediss+sentinel://" : "redis+sentinel://";
    for (std::size_t i = 0; i < ports_.size(); ++i)
        out += (i > 0 ? ",127.0.0.1:" : "127.0.0.1:") + std::to_string(ports_[i]);
    return out + "/" + name + (tls_ ? "?ca_file=" + tls_->certificate() : "");
}

options trio::to_sentinel(std::size_t i) const {
    options made{.port = ports_[i], .password = sentinels_secret_};
    made.tls = to().tls;
    return made;
}

reply trio::ask(const options& whom, command c) {
    const client one({loop_.get_executor()}, whom);
    auto answer = loop_.run(one.execute(std::move(c), deadline::after(10s)));
    return answer->value ? *answer->value : reply();
}

void trio::switch_never() {
    for (std::size_t i = 0; i < sentinels_.size(); ++i)
        throw_if_error(ask(to_sentinel(i), {"SENTINEL", "SET", name, "down-after-milliseconds", 600'000}));
}

std::uint16_t trio::told_by(std::size_t i) {
    const auto r = ask(to_sentinel(i), {"SENTINEL", "GET-MASTER-ADDR-BY-NAME", name});
    return r.type() == reply::kind::array ? static_cast<std::uint16_t>(r.items()[1].as_integer()) : std::uint16_t{0};
}

void trio::until_switched(std::size_t asked) try {
    loop_.until([&] {
        const auto port = told_by(asked);
        return port != 0 && port != server_ports_[0];
    });
} catch (const std::runtime_error& e) { // it may not be the client's fault
    throw std::runtime_error(std::string(e.what()) + "; the sentinels say:\n" + last_words_of_sentinels());
}

std::string trio::last_words_of_sentinels() const {
    std::string words;
    for (std::size_t i = 0; i < sentinels_.size(); ++i) {
        std::ifstream file(folder_.path() + "/" + std::to_string(i) + "/log");
        words.append(std::istreambuf_iterator<char>(file), {});
    }
    return words;
}

void trio::until_they_know_each_other() {
    const auto facts = [&](std::size_t i) {
        return to<std::map<std::string, std::string>>(ask(to_sentinel(i), {"SENTINEL", "MASTER", name}));
    };
    for (std::size_t i = 0; i < ports_.size(); ++i)
        loop_.until([&] {
            const auto all = facts(i);
            return all.at("num-slaves") == "1" && all.at("num-other-sentinels") == "2" && all.at("flags") == "master";
        });
    loop_.until([&] {
        const client one({loop_.get_executor()}, options{.socket_path = replica().socket(), .password = secret_});
        return loop_.get(one.execute<std::string>({"INFO", "replication"})).find("master_link_status:up") !=
               std::string::npos;
    });
}

} // namespace infra::redis
