// What checksums cost, by the processor's carry-less multiplication beside tables that take eight bytes at a time.
//
//     storage_checksum_bench [--json FILE] [--rounds N]

#include "../src/crc.hpp"

#include "comparison.hpp"

#include <chrono>
#include <string>

namespace {

namespace storage = infra::storage;
using means = std::uint64_t (*)(storage::checksum_kind, std::uint64_t, std::string_view) noexcept;

double gigabytes_a_second(means by, storage::checksum_kind kind, const std::string& bytes) {
    const auto begin = std::chrono::steady_clock::now();
    std::uint64_t reg = 0;
    constexpr int times = 16;
    for (int i = 0; i < times; ++i)
        reg = by(kind, reg, bytes);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    return reg == 1 ? 0 : static_cast<double>(times) * static_cast<double>(bytes.size()) / took.count() / 1e9;
}

int compare(const infra::bench::arguments& a) {
    infra::bench::report to(a);
    const std::string part(8u << 20, 'x'), piece(256u << 10, 'x');
    for (const auto* bytes : {&part, &piece})
        for (const auto kind : {storage::checksum_kind::crc32c, storage::checksum_kind::crc64nvme}) {
            std::vector<double> folded, by_table;
            for (int i = 0; i < a["rounds"]; ++i) {
                folded.push_back(gigabytes_a_second(&storage::crc::move_on_by_folding, kind, *bytes));
                by_table.push_back(gigabytes_a_second(&storage::crc::move_on_by_table, kind, *bytes));
            }
            to.add({"storage.checksum " + std::string(to_string(kind)) + " of " + std::to_string(bytes->size() >> 10) +
                        " KiB",
                    infra::bench::median(folded), "GB/s", "tables", infra::bench::median(by_table),
                    infra::bench::better::more});
        }
    return 0;
}

} // namespace

int main(int count, char** values) { return infra::bench::run(count, values, {{"rounds", 9}}, compare); }
