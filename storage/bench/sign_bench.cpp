// What a signature costs: of a request as put() sends it, of a URL, and to check one, beside npm's @smithy/signature-v4.
//
//     storage_sign_bench [--json FILE] [--rounds N] [--signatures N]

#include "../src/sigv4/sigv4.hpp"

#include <infra/base/encoding.hpp>

#include "comparison.hpp"

#include <chrono>
#include <stdexcept>
#include <string>

namespace {

namespace storage = infra::storage;
namespace sigv4 = infra::storage::sigv4;
using namespace std::chrono_literals;

const storage::credentials keys{.access_key_id = "AKIAIOSFODNN7EXAMPLE",
                                .secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
const sigv4::scope in{.region = "eu-central-1", .now = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1} + 12h};

sigv4::request put_request() {
    return {.method = "PUT",
            .path = "/photos/avatars/user-123.jpg",
            .headers = {{"host", "s3.eu-central-1.amazonaws.com"},
                        {"content-type", "image/jpeg"},
                        {"content-length", "8388608"},
                        {"x-amz-checksum-crc32c", "mnG7TA=="}}};
}

sigv4::request get_request() {
    return {.path = "/photos/avatars/user-123.jpg", .headers = {{"host", "s3.eu-central-1.amazonaws.com"}}};
}

sigv4::request with_query() {
    auto got = get_request();
    auto query = sigv4::presign(got, 1h, keys, in) + "&";
    for (std::size_t at = 0; at < query.size(); at = query.find('&', at) + 1) {
        const auto equals = query.find('=', at);
        got.query.emplace_back(query.substr(at, equals - at), *infra::encoding::percent_decode(query.substr(
                                                                  equals + 1, query.find('&', at) - equals - 1)));
    }
    return got;
}

template <class F>
double microseconds(int times, F once) {
    const auto begin = std::chrono::steady_clock::now();
    std::size_t made = 0;
    for (int i = 0; i < times; ++i)
        made += once();
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
    return made == 0 ? 0 : took.count() / times;
}

std::optional<double> theirs(const std::string& what, int times) {
    const auto folder = infra::bench::peers_folder_with("@smithy/signature-v4", "storage");
    if (!folder)
        return std::nullopt;
    auto* const output = ::popen(
        ("node '" + (*folder / "sign_speed.mjs").string() + "' " + what + " " + std::to_string(times)).c_str(), "r");
    double took = 0;
    const int read = output ? std::fscanf(output, "%lf", &took) : 0;
    return output && ::pclose(output) == 0 && read == 1 ? std::optional(took) : std::nullopt;
}

template <class F>
void row(infra::bench::report& to, const infra::bench::arguments& a, const std::string& name, const std::string& peer,
         F once) {
    std::vector<double> mine, peers;
    for (int i = 0; i < a["rounds"]; ++i) {
        mine.push_back(microseconds(a["signatures"], once));
        if (const auto took = peer.empty() ? std::nullopt : theirs(peer, a["signatures"] / 10))
            peers.push_back(*took);
    }
    to.add({name, infra::bench::median(mine), "us", "@smithy/signature-v4", infra::bench::median(peers)});
}

int compare(const infra::bench::arguments& a) {
    infra::bench::report to(a);
    const auto put = put_request(), get = get_request(), got = with_query();
    const std::function<std::optional<std::string>(std::string_view)> secret_of =
        [](std::string_view) -> std::optional<std::string> { return keys.secret_access_key; };
    if (sigv4::check(got, secret_of, in) != sigv4::verdict::good)
        throw std::logic_error("what was signed is not good");
    row(to, a, "storage.sign a request", "sign",
        [&] { return sigv4::sign(put, sigv4::unsigned_payload, keys, in).size(); });
    row(to, a, "storage.sign a URL", "presign", [&] { return sigv4::presign(get, 1h, keys, in).size(); });
    row(to, a, "storage.check a URL", "",
        [&] { return static_cast<std::size_t>(sigv4::check(got, secret_of, in) == sigv4::verdict::good); });
    return 0;
}

} // namespace

int main(int count, char** values) {
    return infra::bench::run(count, values, {{"rounds", 5}, {"signatures", 50000}}, compare);
}
