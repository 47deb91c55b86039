#pragma once

// The overview as a document. Pure.

#include "../board.hpp"
#include "../gather.hpp"

namespace infra::dashboard {

/// {"name","label","value","unit","limit","link"}, and "spark" where it has one of its own.
json::object document_of(const figure& f);

/// {"severity","text","link","count","since","action":null|{"label","method","path","body"}}
json::object document_of(const concern& c);

/// All in one list, as they were asked for. Who cannot tell now has the numbers that it told `before`, without a value: they are not gone,
/// and nobody knows that they are still the same.
std::vector<figure> joined(const std::vector<reply<std::vector<figure>>>& answers,
                           std::vector<std::vector<figure>>& before);

/// What could not be told is a concern itself, once for each sentence.
std::vector<concern> joined(const std::vector<reply<std::vector<concern>>>& answers,
                            const std::vector<reply<std::vector<figure>>>& beside);

/// The worst first, then by their count; of the same text one. At most 50.
std::vector<concern> grouped(std::vector<concern> all);

} // namespace infra::dashboard
