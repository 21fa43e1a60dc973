# Words of the pages, Vietnamese. The same keys stand in en.ftl.
this-language = Tiếng Việt
site-name = Cổng đối soát thanh toán
site-purpose = Thanh toán trực tuyến phí, lệ phí
skip-to-content = Chuyển đến nội dung
footer-note = Số liệu tính theo ngày tiếp nhận hồ sơ và được cập nhật cùng lúc với sổ đối soát; số liệu các kỳ trước còn thay đổi khi hồ sơ cũ được thanh toán. Khi trích dẫn, hãy ghi kỳ, định nghĩa và thời điểm chốt số liệu.

problem-title = Chưa thể hiển thị
back-to-indicators = Về trang chỉ số
wrong-date = “{ $text }” không phải là một ngày hợp lệ. Hãy chọn lại từ ngày và đến ngày.
wrong-period = Khoảng thời gian từ { $from } đến { $to } không hợp lệ: ngày đầu phải trước ngày cuối.
wrong-unit = Không có đơn vị nào mang mã “{ $unit }”.
wrong-question = Địa chỉ này hỏi một chỉ số hoặc cách phân tích không có trên cổng.
wrong-machine = Hệ thống đang bận nên chưa đọc được số liệu. Xin thử lại sau ít phút; các khoản thanh toán không bị ảnh hưởng.

indicators-title = Chỉ số thanh toán trực tuyến
period = Từ { $from } đến { $to }
captured = Số liệu chốt lúc { $at } (giờ Việt Nam)
all-units = Tất cả đơn vị
choose = Chọn số liệu
quick-periods = Chọn nhanh kỳ
this-month = Tháng này
this-quarter = Quý này
this-year = Năm nay
from = Từ ngày
to = Đến ngày
unit = Đơn vị
indicator = Chỉ số phân tích
breakdown = Phân tích theo
show = Xem số liệu

headlines = Các chỉ số chính
of-dossiers = { $n } trên { $d } hồ sơ
of-procedures = { $n } trên { $d } thủ tục
excluded-dossiers = Loại trừ: { $n } hồ sơ
excluded-procedures = Loại trừ: { $n } thủ tục
outside = { $n } trường hợp đạt điều kiện nhưng nằm ngoài mẫu số, không được tính
definition = Định nghĩa
formula = Công thức
numerator = Tử số
denominator = Mẫu số
excluded = Loại trừ
date-basis = Ngày tính
capture-time = Thời điểm chốt số liệu
definition-id = Mã định nghĩa
version = phiên bản
show-details = Xem chi tiết
shown-below = Đang xem bên dưới

trend-title = Diễn biến trong kỳ
trend-summary = { $step }: thấp nhất { $low }, cao nhất { $high }
week-short = T{ $week }
as-table = Xem dạng bảng
period-heading = Thời gian
rate = Tỷ lệ
comparison-title = So sánh { $by }
order = Sắp xếp:
order-rate = Tỷ lệ
order-name = Tên
download-csv = Tải CSV
not-additive = Các dòng không cộng dồn thành tổng: một hồ sơ hoặc thủ tục có thể nằm ở nhiều dòng.
provider-denominator = Mẫu số của mọi dòng là mẫu số chung của chỉ số.

by-unit = Theo đơn vị
by-level = Theo cấp đơn vị
by-procedure = Theo thủ tục
by-field = Theo lĩnh vực
by-kind = Theo loại khoản thu
by-provider = Theo nhà cung cấp
by-via = Theo cách nộp hồ sơ
by-day = Theo ngày
by-week = Theo tuần
by-month = Theo tháng
by-quarter = Theo quý
by-year = Theo năm

empty-title = Không có hồ sơ nào trong kỳ này
empty-text = Hãy chọn khoảng thời gian khác hoặc mở rộng phạm vi đơn vị.
