#include "damage.hpp"

namespace infra::storage::disk {
namespace {

constexpr std::size_t most_told = 1000;

constexpr telemetry::instrument damaged_total{
    .kind = telemetry::instrument_kind::counter,
    .name = "storage_file_damaged_total",
    .help = "Objects of a directory of which what is known beside their bytes cannot be read."};

} // namespace

damage::damage() : total_(damaged_total) {}

void damage::found(const std::string& key, const std::string& file) {
    if (!is_news(file))
        return;
    total_.add();
    telemetry::log(
        level::warn, "storage",
        "what is known of an object is damaged: it is read without its metadata and its checksum; restore the "
        "file, or put the object anew",
        {{"key", key}, {"file", file}});
}

bool damage::is_news(const std::string& file) {
    const std::scoped_lock lock(mutex_);
    if (told_.size() == most_told && !told_.contains(file))
        told_.clear();
    return told_.insert(file).second;
}

} // namespace infra::storage::disk
