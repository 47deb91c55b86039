#include <infra/base/field.hpp>

#include <boost/json/value.hpp>

namespace infra {

boost::json::value field_value::to_json() const { return as_.object.convert(as_.object.address); }

} // namespace infra
