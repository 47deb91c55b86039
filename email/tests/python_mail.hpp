#pragma once

/// Mails as Python's `email` package reads them.

#include <infra/email/mime.hpp>

#include <boost/describe/class.hpp>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace infra::email {

struct leaf {
    std::string type{}, disposition{}, filename{}, cid{}, charset{}, content{};
};
BOOST_DESCRIBE_STRUCT(leaf, (), (type, disposition, filename, cid, charset, content))

using text_pair = std::pair<std::string, std::string>;

struct read_mail {
    std::vector<text_pair> headers{};
    std::map<std::string, std::vector<text_pair>> addresses{}; // name, email
    std::vector<leaf> leaves{};
    std::string tree{};
    std::vector<std::string> defects{};

    std::string header(std::string_view name) const {
        for (const auto& [each, value] : headers)
            if (each == name)
                return value;
        return "(absent)";
    }
};
BOOST_DESCRIBE_STRUCT(read_mail, (), (headers, addresses, leaves, tree, defects))

std::vector<read_mail> read_files(const std::vector<std::string>& paths);
std::vector<read_mail> read_back(const std::vector<mail>& mails, mime_options options = {});

} // namespace infra::email
