#include "store.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/json.hpp>

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace infra::storage::stub {
namespace {

namespace fs = std::filesystem;

// A record: a line of JSON, and bytes.
void write(const fs::path& to, const json::value& head, std::string_view bytes = {}) {
    const auto beside = to.string() + ".new";
    {
        std::ofstream out(beside, std::ios::binary);
        out << json::to_text(head) << '\n' << bytes;
        out.flush();
        if (!out)
            throw std::runtime_error("cannot write " + beside);
    }
    fs::rename(beside, to);
}

struct record {
    json::object head;
    content bytes;
};

record read(const fs::path& from) {
    std::ifstream in(from, std::ios::binary);
    std::string line;
    std::getline(in, line);
    std::ostringstream rest;
    rest << in.rdbuf();
    const shared_bytes bytes(std::move(rest).str());
    return {json::parse(line, {.max_bytes = 1 << 20, .max_depth = 8}).value().as_object(),
            {bytes.size(), bytes, false}};
}

bool is_record(const fs::directory_entry& e) { return e.is_regular_file() && e.path().extension() != ".new"; }

template <class Pairs>
json::array pairs_of(const Pairs& fields) {
    json::array out;
    for (const auto& [name, value] : fields)
        out.push_back(json::array{name, value});
    return out;
}

template <class Pairs>
Pairs pairs_in(const json::value& array) {
    Pairs out;
    for (const auto& pair : array.as_array())
        out.insert(out.end(), {std::string(pair.at(0).as_string()), std::string(pair.at(1).as_string())});
    return out;
}

std::string text(const json::object& in, std::string_view name) { return std::string(in.at(name).as_string()); }
wall_time time_in(const json::object& in) { return from_unix_ms(in.at("time").as_int64()); }

} // namespace

journal::journal(fs::path directory) : objects_(directory / "objects"), uploads_(directory / "uploads") {
    fs::create_directories(objects_);
    fs::create_directories(uploads_);
}

void journal::put(const std::string& key, const stored& object) const {
    write(objects_ / encoding::hex_encode(key),
          {{"etag", object.etag},
           {"attributes", pairs_of(object.attributes)},
           {"sums", pairs_of(object.checksums)},
           {"type", object.checksum_type},
           {"time", to_unix_ms(object.modified)}},
          object.bytes.bytes.view());
}

void journal::remove(const std::string& key) const { fs::remove(objects_ / encoding::hex_encode(key)); }

void journal::put(const std::string& id, const open_upload& upload) const {
    fs::create_directories(uploads_ / id);
    write(uploads_ / id / "upload", {{"key", upload.key},
                                     {"attributes", pairs_of(upload.attributes)},
                                     {"algorithm", upload.algorithm},
                                     {"type", upload.checksum_type},
                                     {"time", to_unix_ms(upload.begun)}});
}

void journal::put(const std::string& id, int number, const stored_part& part) const {
    write(uploads_ / id / std::to_string(number),
          {{"etag", part.etag}, {"sums", pairs_of(part.checksums)}, {"time", to_unix_ms(part.modified)}},
          part.bytes.bytes.view());
}

void journal::remove_upload(const std::string& id) const {
    fs::remove(uploads_ / id / "upload"); // from here on it is none
    fs::remove_all(uploads_ / id);
}

std::map<std::string, stored> journal::objects() const {
    std::map<std::string, stored> all;
    for (const auto& entry : fs::directory_iterator(objects_)) {
        if (!is_record(entry))
            continue;
        auto [head, bytes] = read(entry.path());
        all[encoding::hex_decode(entry.path().filename().string()).value()] = {bytes,
                                                                               text(head, "etag"),
                                                                               pairs_in<fields>(head.at("attributes")),
                                                                               pairs_in<sums>(head.at("sums")),
                                                                               text(head, "type"),
                                                                               time_in(head)};
    }
    return all;
}

std::map<std::string, open_upload> journal::uploads() const {
    std::map<std::string, open_upload> all;
    for (const auto& folder : fs::directory_iterator(uploads_)) {
        if (!fs::exists(folder.path() / "upload"))
            continue;
        const auto head = read(folder.path() / "upload").head;
        open_upload upload{text(head, "key"),       time_in(head),      pairs_in<fields>(head.at("attributes")),
                           text(head, "algorithm"), text(head, "type"), {}};
        for (const auto& entry : fs::directory_iterator(folder)) {
            if (!is_record(entry) || entry.path().filename() == "upload")
                continue;
            auto [part, bytes] = read(entry.path());
            upload.parts[std::stoi(entry.path().filename().string())] = {
                bytes, text(part, "etag"), pairs_in<sums>(part.at("sums")), time_in(part)};
        }
        all.emplace(folder.path().filename().string(), std::move(upload));
    }
    return all;
}

} // namespace infra::storage::stub
