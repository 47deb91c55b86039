// What it costs to make a mail's words of a template that has been read, ours beside what one would do in Node: mustache for the
// values, marked for the HTML.
//
//     email_render_bench [--json FILE] [--rounds N] [--mails N]
//
// Ours makes the subject, a whole HTML document with inline styles and the plain text; the peers make the body's bare HTML alone, and
// take no care that a value is no markup. Rounds alternate and the median of each counts. A last figure is how much more memory
// the process has after 100,000 renderings than after the first thousand.

#include "comparison.hpp"

#include <infra/email/template.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
namespace email = infra::email;

// The welcome mail that the documentation shows.
constexpr const char* welcome = R"(Hi {{name}},

Welcome to **{{app_name}}**! We're excited to have you.

[Sign in to your account]({{login_url}})

Cheers,
The {{app_name}} Team
)";

infra::json::object values_of(int i) {
    return {{"name", "Ann " + std::to_string(i)},
            {"app_name", "Shop"},
            {"login_url", "https://shop.example/login?as=" + std::to_string(i)}};
}

void check(const std::string& who, const std::string& html) {
    for (const auto* needed : {"Hi Ann ", ">Shop</strong>", "Sign in to your account</a>"})
        if (html.find(needed) == std::string::npos)
            throw std::runtime_error(who + " does not write the mail that is asked for: " + html);
}

std::string render(const email::email_template& t, int i) { return email::render_template(t, values_of(i)).html; }

double ours(const email::email_template& t, int mails) {
    constexpr int burst = 100;
    std::vector<double> each;
    std::string last;
    for (int i = 0; i < mails; i += burst) {
        const auto begin = std::chrono::steady_clock::now();
        for (int j = i; j < i + burst; ++j)
            last = render(t, j);
        const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
        each.push_back(took.count() / burst);
    }
    check("ours", last);
    return infra::bench::median(each);
}

// Nothing without npm.
std::optional<double> theirs(const std::string& file, int mails) {
    const auto folder = infra::bench::peers_folder_with("marked", "email");
    if (!folder)
        return std::nullopt;
    const auto command = "node '" + (*folder / "marked.mjs").string() + "' '" + file + "' " + std::to_string(mails);
    auto* const output = ::popen(command.c_str(), "r");
    if (!output)
        return std::nullopt;
    double took = 0;
    const int read = std::fscanf(output, "%lf\n", &took);
    std::string html;
    for (int c = std::fgetc(output); c != EOF; c = std::fgetc(output))
        html += static_cast<char>(c);
    if (::pclose(output) != 0 || read != 1)
        return std::nullopt;
    check("marked", html);
    return took;
}

double resident_kilobytes() {
    std::ifstream file("/proc/self/statm");
    double pages = 0;
    file >> pages >> pages;
    return pages * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1024;
}

double growth(const email::email_template& t) {
    for (int i = 0; i < 1000; ++i)
        render(t, i);
    const auto before = resident_kilobytes();
    for (int i = 0; i < 100'000; ++i)
        render(t, i);
    return resident_kilobytes() - before;
}

std::string written(const fs::path& path) {
    std::ofstream(path) << welcome;
    return path.string();
}

int compare(const infra::bench::arguments& a) {
    const auto t =
        email::parse_template("---\nsubject: Welcome to {{app_name}}!\n---\n" + std::string(welcome), "welcome");
    const auto file = written(fs::temp_directory_path() / ("infra-email-bench-" + std::to_string(::getpid()) + ".md"));
    std::vector<double> mine, peers;
    for (int i = 0; i < a["rounds"]; ++i) {
        mine.push_back(ours(t, a["mails"]));
        if (const auto took = theirs(file, a["mails"]))
            peers.push_back(*took);
        else if (i == 0)
            std::cerr << "marked and mustache are not there and are left out\n";
    }
    fs::remove(file);
    infra::bench::report to(a);
    to.add({"email.render", infra::bench::median(mine) / 1000, "us", "marked + mustache",
            infra::bench::median(peers) / 1000});
    to.add({"email.memory_of_100000_renderings", growth(t), "KB"});
    return 0;
}

} // namespace

int main(int count, char** values) {
    return infra::bench::run(count, values, {{"rounds", 5}, {"mails", 20000}}, compare);
}
