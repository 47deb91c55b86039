#include "port.hpp"

#include <infra/base/error.hpp>
#include <infra/http_client.hpp>

#include <boost/asio/this_coro.hpp>
#include <boost/json/parse.hpp>

#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <system_error>

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

namespace infra::cli::doctor {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view listens = "0A"; // TCP_LISTEN
constexpr std::chrono::seconds time_for_health{1};

// "0100007F:0BB8" ends in the port.
bool is_port(std::string_view address, std::uint16_t port) {
    const auto colon = address.rfind(':');
    unsigned is = 0;
    if (colon == std::string_view::npos)
        return false;
    const auto digits = address.substr(colon + 1);
    return std::from_chars(digits.data(), digits.data() + digits.size(), is, 16).ec == std::errc() && is == port;
}

std::string contents(const fs::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string first_line(const fs::path& file) {
    std::string line;
    std::ifstream in(file);
    std::getline(in, line);
    return line;
}

bool holds_one(const fs::path& descriptors, const std::set<std::uint64_t>& inodes) {
    std::error_code ec;
    for (fs::directory_iterator each(descriptors, ec), end; !ec && each != end; each.increment(ec)) {
        std::error_code gone;
        const auto target = fs::read_symlink(each->path(), gone).string();
        std::uint64_t inode = 0;
        constexpr std::string_view before = "socket:[";
        if (target.starts_with(before) &&
            std::from_chars(target.data() + before.size(), target.data() + target.size(), inode).ec == std::errc() &&
            inodes.contains(inode))
            return true;
    }
    return false;
}

struct freed {
    void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};

int try_to_listen(const addrinfo& at) {
    const int fd = ::socket(at.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    const int yes = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes); // as the service does
    const int refused = ::bind(fd, at.ai_addr, at.ai_addrlen) != 0 || ::listen(fd, 1) != 0 ? errno : 0;
    ::close(fd);
    return refused;
}

port_facts read_port(const std::string& host, std::uint16_t port) {
    port_facts facts{.host = host, .port = port};
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    addrinfo* found = nullptr;
    if (const int no = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); no != 0) {
        facts.no_address = ::gai_strerror(no);
        return facts;
    }
    const std::unique_ptr<addrinfo, freed> list(found);
    facts.refused = try_to_listen(*list);
    if (facts.refused == EADDRINUSE) {
        auto inodes = listening_inodes(contents("/proc/net/tcp"), port);
        inodes.merge(listening_inodes(contents("/proc/net/tcp6"), port));
        facts.holders = holders_of(inodes);
    }
    return facts;
}

std::string address_of(const port_facts& f) {
    return (f.host.find(':') == std::string::npos ? f.host : "[" + f.host + "]") + ":" + std::to_string(f.port);
}

std::string names_of(const std::vector<process>& all) {
    std::string text;
    for (const auto& each : all)
        text += (text.empty() ? "" : ", ") + each.name + " (process " + std::to_string(each.id) + ")";
    return text.empty() ? "a process of another user" : text;
}

finding judge_taken(const port_facts& f) {
    const auto by = names_of(f.holders);
    if (f.answers)
        return well(address_of(f), "is listened on by " + by + ", which is a service of infra and answers");
    return failure(address_of(f), "is in use by " + by, "the service cannot listen there and ends with 1",
                   f.holders.empty() ? "ask again as root to see whose it is, or set PORT to another one"
                                     : "end that process, or set PORT to another one");
}

// What a service of infra answers at /health, and few others do.
bool is_report(std::string_view body) {
    boost::system::error_code ec;
    const auto document = boost::json::parse(body, ec);
    const auto* const object = ec ? nullptr : document.if_object();
    return object && object->contains("status") && object->contains("checks");
}

awaitable<bool> answers_health(std::string url) {
    const http::client client(co_await asio::this_coro::executor);
    try {
        const auto response = co_await client.send({.url = std::move(url),
                                                    .headers = {{"accept", "application/json"}},
                                                    .deadline = deadline::after(time_for_health)});
        co_return is_report(response.body);
    } catch (const error&) { // then it is something else
        co_return false;
    }
}

std::string url_of_health(port_facts of) {
    if (of.host == "0.0.0.0")
        of.host = "127.0.0.1";
    if (of.host == "::")
        of.host = "::1";
    return "http://" + address_of(of) + "/health";
}

} // namespace

std::set<std::uint64_t> listening_inodes(std::string_view proc_net_tcp, std::uint16_t port) {
    std::set<std::uint64_t> found;
    std::istringstream lines{std::string(proc_net_tcp)};
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::array<std::string, 10>
            word; // number, local, remote, state, queues, timer, retransmits, user, timeout, inode
        for (auto& each : word)
            words >> each;
        std::uint64_t inode = 0;
        const auto& digits = word[9];
        if (word[3] == listens && is_port(word[1], port) &&
            std::from_chars(digits.data(), digits.data() + digits.size(), inode).ec == std::errc())
            found.insert(inode);
    }
    return found;
}

std::vector<process> holders_of(const std::set<std::uint64_t>& inodes) {
    std::vector<process> found;
    std::error_code ec;
    for (fs::directory_iterator each("/proc", ec), end; !ec && each != end; each.increment(ec)) {
        const auto name = each->path().filename().string();
        pid_t id = 0;
        const auto read = std::from_chars(name.data(), name.data() + name.size(), id);
        if (read.ec == std::errc() && read.ptr == name.data() + name.size() && holds_one(each->path() / "fd", inodes))
            found.push_back({id, first_line(each->path() / "comm")});
    }
    return found;
}

findings judge_port(const port_facts& f) {
    if (!f.no_address.empty())
        return {failure("HOST", "is no address: " + f.no_address, "the service cannot listen and ends with 1",
                        "set HOST to an address of this machine, to 127.0.0.1, or to 0.0.0.0 for all interfaces")};
    if (f.port == 0)
        return {well(address_of(f), "any free port will be taken")};
    if (f.refused == 0)
        return {well(address_of(f), "is free")};
    if (f.refused == EADDRINUSE)
        return {judge_taken(f)};
    const auto why = std::system_category().message(f.refused);
    if (f.refused == EACCES)
        return {failure(address_of(f), "may not be listened on: " + why, "the service ends with 1",
                        "set PORT to one from 1024 on, or give it the capability CAP_NET_BIND_SERVICE")};
    return {failure(address_of(f), "cannot be listened on: " + why, "the service ends with 1",
                    "set HOST to an address of this machine, or to 0.0.0.0 for all interfaces")};
}

awaitable<findings> look_at_port(situation at) {
    const auto host = at.variables.get_or("HOST", "127.0.0.1");
    const auto port = static_cast<std::uint16_t>(at.variables.integer("PORT", 3000, 0, 65535));
    auto read = [host, port] { return read_port(host, port); };
    auto facts = co_await patient_threads().run(std::move(read));
    if (facts.refused == EADDRINUSE)
        facts.answers = co_await answers_health(url_of_health(facts));
    co_return judge_port(facts);
}

} // namespace infra::cli::doctor
