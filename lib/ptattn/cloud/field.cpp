#include "ptattn/cloud/field.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "ptattn/core/error.hpp"

namespace ptattn {

std::size_t size_of(FieldType type) {
  return visit_type(type, []<class T>(T) { return sizeof(T); });
}

std::string_view name_of(FieldType type) {
  switch (type) {
    case FieldType::kInt8:
      return "int8";
    case FieldType::kUInt8:
      return "uint8";
    case FieldType::kInt16:
      return "int16";
    case FieldType::kUInt16:
      return "uint16";
    case FieldType::kInt32:
      return "int32";
    case FieldType::kUInt32:
      return "uint32";
    case FieldType::kInt64:
      return "int64";
    case FieldType::kUInt64:
      return "uint64";
    case FieldType::kFloat32:
      return "float32";
    case FieldType::kFloat64:
      return "float64";
  }
  std::abort();  // not a FieldType
}

void Field::Free::operator()(std::byte* p) const noexcept {
  std::free(p);
}

Field::Field(std::string name, FieldType type, std::size_t points, std::uint32_t count)
    : name_(std::move(name)), type_(type), count_(count) {
  const std::size_t step = bytes_per_point();
  if (points == 0 || step == 0) return;
  if (points > SIZE_MAX / step) throw std::bad_alloc();
  data_.reset(static_cast<std::byte*>(std::calloc(points, step)));
  if (data_ == nullptr) throw std::bad_alloc();
  size_ = points * step;
}

Field::Field(const Field& other) : Field(other.name_, other.type_, 0, other.count_) {
  step_ = other.step_;
  set_origin(other.origin());
  if (other.size_ == 0) return;
  data_.reset(static_cast<std::byte*>(std::malloc(other.size_)));
  if (data_ == nullptr) throw std::bad_alloc();
  size_ = other.size_;
  std::memcpy(data_.get(), other.data_.get(), size_);
}

Field& Field::operator=(const Field& other) {
  if (this != &other) *this = Field(other);
  return *this;
}

Field::Field(Field&& other) noexcept
    : name_(std::move(other.name_)),
      type_(other.type_),
      count_(other.count_),
      data_(std::move(other.data_)),
      size_(std::exchange(other.size_, 0)),
      step_(other.step_),
      origin_(other.origin()) {}

Field& Field::operator=(Field&& other) noexcept {
  name_ = std::move(other.name_);
  type_ = other.type_;
  count_ = other.count_;
  data_ = std::move(other.data_);
  size_ = std::exchange(other.size_, 0);
  step_ = other.step_;
  set_origin(other.origin());
  return *this;
}

void Field::check_type(FieldType wanted) const {
  if (type_ == wanted) return;
  throw Error(Fault::kUsage, name_,
              "the field holds " + std::string(name_of(type_)) + ", expected " +
                  std::string(name_of(wanted)));
}

double Field::as_double(std::size_t i, std::uint32_t component) const {
  return visit_type(type_, [&]<class T>(T) {
    return static_cast<double>(reinterpret_cast<const T*>(data_.get())[i * count_ + component]);
  });
}

}  // namespace ptattn
