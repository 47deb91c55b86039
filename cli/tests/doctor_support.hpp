#pragma once

// `infra doctor` run against servers of a test's own.

#include "src/frame.hpp"
#include "src/verbs.hpp"

#include <infra/base/json.hpp>
#include <infra/testing/redis_server.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include <sys/socket.h>

namespace infra::cli {

namespace asio = boost::asio;
using asio::ip::tcp;

/// `infra doctor` with a file of variables, which says all that the service is told.
class Doctor : public ::testing::Test {
protected:
    int run(const std::string& variables, std::vector<std::string> words) {
        const auto file = folder.path() + "/env";
        std::ofstream(file) << variables;
        std::ostringstream to, problems;
        frame f(to, problems);
        add_doctor(f);
        words.insert(words.begin(), {"doctor", "-i", "--env-file", file});
        code = f.run(std::move(words));
        out = to.str();
        err = problems.str();
        return code;
    }

    /// The first finding of a check.
    json::value found(const std::string& variables, const std::string& check, std::vector<std::string> more = {}) {
        std::vector<std::string> words{"--only", check, "--json"};
        words.insert(words.end(), more.begin(), more.end());
        run(variables, std::move(words));
        return json::parse(out).value().at("findings").at(0);
    }

    std::string at(const std::string& name) const { return folder.path() + "/" + name; }

    /// All of them, in words.
    std::string told(const std::string& variables, const std::string& check, std::vector<std::string> more = {}) {
        std::vector<std::string> words{"--only", check};
        words.insert(words.end(), more.begin(), more.end());
        run(variables, std::move(words));
        return out + err;
    }

    testing::temporary_folder folder{"doctor"};
    std::string out, err;
    int code = -1;
};

inline std::string text(const json::value& finding, const char* member) {
    return std::string(finding.at(member).as_string());
}

/// Somebody on loopback who speaks to one that calls, in a thread of its own.
struct listener {
    explicit listener(std::function<void(tcp::socket&)> talk)
        : acceptor(io, {asio::ip::address_v4::loopback(), 0}), thread([this, talk = std::move(talk)] {
              boost::system::error_code ec;
              auto socket = acceptor.accept(ec);
              if (ec)
                  return;
              try {
                  talk(socket);
              } catch (const std::exception&) { // hung up
              }
          }) {}
    ~listener() {
        ::shutdown(acceptor.native_handle(), SHUT_RDWR); // where nobody has called
        thread.join();
    }
    std::string address() const { return "127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()); }

    asio::io_context io;
    tcp::acceptor acceptor;
    std::thread thread;
};

template <class Stream>
std::string heard(Stream& from, const char* until) {
    std::string text;
    asio::read_until(from, asio::dynamic_buffer(text), until);
    return text;
}

template <class Stream>
void say(Stream& to, const std::string& text) {
    asio::write(to, asio::buffer(text));
}

} // namespace infra::cli
