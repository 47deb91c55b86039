#include <infra/storage/credentials.hpp>

#include "credentials_file.hpp"

#include <infra/base/error.hpp>

#include <array>
#include <fstream>
#include <utility>

namespace infra::storage {
namespace {

constexpr std::size_t max_file = 1024 * 1024;

[[noreturn]] void misconfigured(const std::string& sentence) { throw error(infra::errc::misconfigured, sentence); }

/// How a set of variables is called.
struct variable_names {
    const char* id;
    const char* secret;
    const char* token;
};
constexpr std::array sets{variable_names{"S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", "S3_SESSION_TOKEN"},
                          variable_names{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}};

std::optional<credentials> from_variables(const environment& variables, const variable_names& of) {
    auto id = variables.get(of.id), secret = variables.get(of.secret), token = variables.get(of.token);
    if (!id && !secret && !token)
        return std::nullopt;
    if (!id || !secret)
        misconfigured(std::string(id ? of.secret : of.id) + " is missing beside " +
                      (id ? of.id : (secret ? of.secret : of.token)) + "; set both or neither");
    return credentials{std::move(*id), std::move(*secret), token.value_or(""), std::nullopt};
}

std::string contents_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text(max_file + 1, '\0');
    if (!file || !file.read(text.data(), static_cast<std::streamsize>(text.size())).eof())
        throw error(infra::errc::io,
                    file ? "the credentials file " + path + " is larger than 1 MiB"
                         : "cannot read the credentials file " + path + "; check that it exists and may be read");
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

std::optional<std::string> default_file(const environment& variables) {
    if (auto path = variables.get("AWS_SHARED_CREDENTIALS_FILE"))
        return path;
    const auto home = variables.get("HOME");
    return home ? std::optional(*home + "/.aws/credentials") : std::nullopt;
}

bool is_there(const std::string& path) { return std::ifstream(path).is_open(); }

} // namespace

credentials credentials_from(const environment& variables) {
    for (const auto& of : sets)
        if (auto found = from_variables(variables, of))
            return std::move(*found);
    const auto profile = variables.get("AWS_PROFILE");
    const auto path = default_file(variables);
    // Who names neither file nor profile may have none.
    const bool asked_for = profile || variables.has("AWS_SHARED_CREDENTIALS_FILE");
    if (path && (asked_for || is_there(*path)))
        return credentials_from_file(*path, profile.value_or("default"));
    misconfigured("there are no credentials: set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or AWS_ACCESS_KEY_ID and "
                  "AWS_SECRET_ACCESS_KEY, or keep them in ~/.aws/credentials");
}

credentials credentials_from_file(const std::string& path, const std::string& profile) {
    auto section = read_profile(contents_of(path), profile);
    if (!section)
        misconfigured("the credentials file " + path + " has no section [" + profile + "]");
    for (const char* const name : {"aws_access_key_id", "aws_secret_access_key"})
        if ((*section)[name].empty())
            misconfigured("the section [" + profile + "] of the credentials file " + path + " has no " + name);
    return {std::move((*section)["aws_access_key_id"]), std::move((*section)["aws_secret_access_key"]),
            std::move((*section)["aws_session_token"]), std::nullopt};
}

} // namespace infra::storage
