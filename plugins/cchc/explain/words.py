"""Why an item counts, or does not, in words: Vietnamese for the offices, English beside it."""

from __future__ import annotations

from typing import NamedTuple

from cchc.reference.catalogue import Indicator


class Words(NamedTuple):
    """One sentence in both languages."""

    vi: str
    en: str


# Why a record is in the numerator, and why it is in the denominator alone, by indicator. An indicator that is not named here is explained
# by the words of the catalogue.
COUNTS: dict[str, tuple[Words, Words]] = {
    "dossier_on_time_rate": (
        Words("kết thúc trong kỳ, không muộn hơn hạn trả có hiệu lực", "ended in the period, on or before the due in force"),
        Words("kết thúc trong kỳ, sau hạn trả có hiệu lực", "ended in the period, after the due in force"),
    ),
    "dossier_on_time_first_due_rate": (
        Words("kết thúc trong kỳ, không muộn hơn hạn trả đầu tiên", "ended in the period, on or before the first due"),
        Words(
            "kết thúc trong kỳ, sau hạn trả đầu tiên hoặc không có hạn đầu tiên", "ended in the period, after the first due, or has none"
        ),
    ),
    "dossier_in_time_overall_rate": (
        Words("kết thúc đúng hạn, hoặc đang giải quyết và chưa quá hạn", "ended on time, or open and not past due"),
        Words("kết thúc sau hạn, hoặc đang giải quyết và đã quá hạn", "ended after the due, or open and past due"),
    ),
    "online_dossier_rate": (
        Words("tiếp nhận trong kỳ, nộp trực tuyến", "received in the period, submitted online"),
        Words("tiếp nhận trong kỳ, không nộp trực tuyến", "received in the period, not submitted online"),
    ),
    "dossier_digitized_rate": (
        Words("tiếp nhận trong kỳ, có giấy tờ số hóa kèm tệp", "received in the period, with a digitised paper that has a file"),
        Words("tiếp nhận trong kỳ, không có giấy tờ số hóa kèm tệp", "received in the period, without a digitised paper that has a file"),
    ),
    "electronic_result_rate": (
        Words("giải quyết trong kỳ, có kết quả điện tử ký số", "resolved in the period, with a signed electronic result"),
        Words("giải quyết trong kỳ, không có kết quả điện tử ký số", "resolved in the period, without a signed electronic result"),
    ),
    "ecertification_coverage_rate": (
        Words("đã chứng thực bản sao điện tử từ đầu năm", "has certified a copy electronically since the start of the year"),
        Words("chưa chứng thực bản sao điện tử từ đầu năm", "has not certified a copy electronically since the start of the year"),
    ),
    "ecertified_copy_count": (
        Words("hồ sơ chứng thực giải quyết trong kỳ, có kết quả ký số", "certification resolved in the period, with a signed result"),
        Words("", ""),
    ),
    "procedure_satisfaction_rate": (
        Words("đánh giá hài lòng hoặc rất hài lòng (phiếu khảo sát: từ 4 điểm)", "satisfied or very satisfied (survey: 4 points or more)"),
        Words("đánh giá không hài lòng hoặc bình thường (phiếu khảo sát: dưới 4 điểm)", "neither or not satisfied (survey: below 4)"),
    ),
    "feedback_on_time_rate": (
        Words("trả lời không muộn hơn hạn xử lý", "answered on or before the limit"),
        Words("trả lời sau hạn xử lý, hoặc đến hạn mà chưa trả lời", "answered after the limit, or the limit came without an answer"),
    ),
    "feedback_satisfaction_rate": (
        Words("trả lời trong kỳ, được đánh giá hài lòng", "answered in the period, rated satisfied"),
        Words("trả lời trong kỳ, không được đánh giá hài lòng", "answered in the period, not rated satisfied"),
    ),
    "online_payment_procedure_rate": (
        Words("thủ tục có phí, lệ phí, cho phép thanh toán trực tuyến", "procedure with a fee that can be paid online"),
        Words("thủ tục có phí, lệ phí, không cho phép thanh toán trực tuyến", "procedure with a fee that cannot be paid online"),
    ),
    "cashless_transaction_rate": (
        Words("giao dịch thành công, không dùng tiền mặt", "successful payment without cash"),
        Words("giao dịch thành công bằng tiền mặt hoặc hình thức không rõ", "successful payment in cash or by an unknown method"),
    ),
    "electronic_work_file_rate": (
        Words("đóng trong kỳ, xử lý hoàn toàn điện tử", "closed in the period, handled electronically"),
        Words("đóng trong kỳ, không xử lý hoàn toàn điện tử", "closed in the period, not handled electronically"),
    ),
    "leader_digital_signature_rate": (
        Words("đương chức ngày cuối kỳ, đã ký số hợp lệ trong kỳ", "in post on the last day, with a valid signature in the period"),
        Words(
            "đương chức ngày cuối kỳ, không ký số hợp lệ trong kỳ",
            "in post on the last day, without a valid signature in the period",
        ),
    ),
    "online_service_coverage_rate": (
        Words("thủ tục đủ điều kiện, cung cấp trực tuyến", "eligible procedure that is offered online"),
        Words("thủ tục đủ điều kiện, chưa cung cấp trực tuyến", "eligible procedure that is not offered online"),
    ),
    "procedure_publication_rate": (
        Words("thủ tục đang có hiệu lực, đã công khai", "procedure in force, published"),
        Words("thủ tục đang có hiệu lực, chưa công khai", "procedure in force, not published"),
    ),
    "procedure_update_timely_rate": (
        Words("công khai trong 5 ngày làm việc sau quyết định", "published within 5 working days after the decision"),
        Words("công khai sau 5 ngày làm việc, hoặc quá hạn mà chưa công khai", "published after 5 working days, or not published in time"),
    ),
    "procedure_portal_sync_rate": (
        Words("thủ tục đã công khai, đã đồng bộ với Cổng Dịch vụ công", "published procedure, synchronised with the portal"),
        Words("thủ tục đã công khai, chưa đồng bộ với Cổng Dịch vụ công", "published procedure, not synchronised with the portal"),
    ),
    "sample_dossier_rate": (
        Words("thủ tục đang có hiệu lực, có hồ sơ mẫu", "procedure in force, with a sample dossier"),
        Words("thủ tục đang có hiệu lực, chưa có hồ sơ mẫu", "procedure in force, without a sample dossier"),
    ),
}

# Why a record is not counted, by the reasons of include/sql/queries/explain/not_counted and of mart.dossier.left_out_reason
NOT_COUNTED: dict[str, Words] = {
    "deleted": Words("hồ sơ đã bị xóa ở nguồn", "it is deleted in its source"),
    "critical": Words("bản ghi mới nhất vi phạm quy tắc chặn", "its newest version breaks a critical rule"),
    "not_received": Words("chưa được tiếp nhận", "it was not received"),
    "duplicate_source": Words("trùng với bản ghi được tính ở nguồn khác", "another source has the record, and it counts there"),
    "not_ended": Words("chưa kết thúc vào cuối kỳ", "it had not ended at the end of the period"),
    "returned": Words("trả lại hoặc xin rút, không phải đã giải quyết", "it was returned or withdrawn, not resolved"),
    "stopped": Words("dừng xử lý, không phải đã giải quyết", "it was stopped, not resolved"),
    "no_due": Words("không có ngày hẹn trả", "it has no due"),
    "procedure_unknown": Words("thủ tục không có trong danh mục của nguồn", "its procedure is in no list of its source"),
    "no_document": Words("thủ tục không có kết quả là giấy tờ", "its procedure does not yield a document"),
    "no_certification": Words("không phải thủ tục chứng thực", "its procedure is no certification"),
    "no_signed_result": Words("không có kết quả điện tử ký số", "it has no signed electronic result"),
    "not_in_force": Words("thủ tục không có hiệu lực ngày cuối kỳ", "the procedure is not in force on the last day"),
    "not_eligible": Words("thủ tục không đủ điều kiện trực tuyến", "the procedure is not eligible for online service"),
    "no_fee": Words("thủ tục không có phí, lệ phí", "the procedure has no fee"),
    "not_published": Words("thủ tục chưa công khai", "the procedure is not published"),
    "limit_not_passed": Words("chưa công khai, chưa hết hạn 5 ngày làm việc", "not published, and the limit has not passed"),
    "no_payment": Words("không phải giao dịch thanh toán (hoàn tiền)", "it is no payment (a refund)"),
    "not_successful": Words("giao dịch không thành công", "the transaction was not successful"),
    "no_amount": Words("số tiền bằng 0 hoặc không có", "the amount is 0 or missing"),
    "not_closed": Words("chưa đóng vào cuối kỳ", "it was not closed at the end of the period"),
    "secrecy": Words("độ mật không phải thường hoặc không rõ", "its secrecy is not normal or not known"),
    "special": Words("hồ sơ đặc thù hoặc không rõ", "it is a special work file, or this is not known"),
    "not_about_procedures": Words("không phải về thủ tục hành chính", "it is not about procedures"),
    "repeated": Words("trùng với phản ánh, kiến nghị khác", "it repeats another feedback"),
    "no_limit": Words("không có hạn xử lý", "it has no limit"),
    "answered_before": Words("đã trả lời trước kỳ", "it was answered before the period"),
    "not_answered": Words("chưa trả lời vào cuối kỳ", "it was not answered at the end of the period"),
    "no_rating": Words("không có đánh giá của người gửi", "it has no rating"),
    "passed_on": Words("đã chuyển đơn vị khác, chưa trả lời", "it was passed on and not answered"),
    "not_due": Words("chưa đến hạn và chưa trả lời", "its limit has not come, and it is not answered"),
    "due_before": Words("hạn xử lý trước kỳ, chưa trả lời", "its limit lies before the period, and it is not answered"),
    "empty_answer": Words("phiếu để trống", "the answer is empty"),
    "not_in_post": Words("không còn đương chức ngày cuối kỳ", "not in post on the last day"),
    "not_yet_in_post": Words("chưa nhậm chức ngày cuối kỳ", "not yet in post on the last day"),
    "unit_not_valid": Words("đơn vị không tồn tại ngày cuối kỳ", "the unit does not exist on the last day"),
    "no_certifying_unit": Words("không phải đơn vị phải chứng thực", "the unit does not have to certify"),
    "not_declared": Words("đơn vị phải khai nhưng chưa khai", "the unit has to declare the figure and has not"),
    "definition": Words("không thuộc định nghĩa của chỉ tiêu", "the definition of the indicator leaves it out"),
}

# Why an item counts otherwise than in the publication: mart.restatement_item.reason (docs/reference/indicators.md#6-after-a-publication)
CHANGED: dict[str, Words] = {
    "withdrawn": Words("dữ liệu đã được thu hồi sau khi công bố", "what had been delivered of it was withdrawn after the publication"),
    "deleted": Words("bị xóa ở nguồn sau khi công bố", "deleted in its source after the publication"),
    "restored": Words("có lại ở nguồn sau khi công bố", "restored in its source after the publication"),
    "left_out": Words("kết quả kiểm tra quy tắc thay đổi sau khi công bố", "breaks a critical rule now and not then, or the reverse"),
    "late": Words("nguồn gửi muộn, sau khi công bố", "delivered for the first time after the publication"),
    "changed": Words("nguồn gửi phiên bản mới sau khi công bố", "another version was delivered after the publication"),
    "definition": Words("công thức thay đổi", "the formula of the indicator is another version"),
    "reference": Words("danh mục hoặc lịch thay đổi", "a list or calendar by which it counts has changed"),
}

CHANGES: dict[str, Words] = {
    "added": Words("thêm vào", "added"),
    "removed": Words("bỏ ra", "removed"),
    "numerator_gained": Words("thêm vào tử số", "now in the numerator"),
    "numerator_lost": Words("ra khỏi tử số", "no longer in the numerator"),
    "changed": Words("số liệu đổi", "the figure changed"),
}

# Of a changed formula or list: what changed, by the words of mart.restatement_item.detail
DETAILS: dict[str, Words] = {
    "formula": Words("công thức", "formula"),
    "formula_not_comparable": Words("không so sánh được công thức", "formula that cannot be compared"),
    "units": Words("đơn vị", "units"),
    "procedure_list": Words("danh mục thủ tục", "list of procedures"),
    "leader_list": Words("danh sách lãnh đạo", "list of leaders"),
    "calendar": Words("lịch làm việc", "working days"),
    "another_source": Words("nguồn khác", "another source"),
    "record_not_named": Words("chưa khai báo loại bản ghi", "kind of record not named in the catalogue"),
}

DECLARED = Words("đơn vị đã khai số này cho tháng cuối kỳ", "the unit declared this figure for the last month of the period")


def why_counted(indicator: Indicator, is_numerator: bool, late_days: int | None) -> Words:
    """Why an item is in the numerator, or in the denominator alone. `late_days`: working days after the due, if the record has one."""
    if indicator.item == "declared":
        return DECLARED
    inside, outside = COUNTS.get(indicator.code) or (
        Words(f"thuộc tử số: {indicator.numerator_vi}", "it is in the numerator"),
        Words(f"chỉ thuộc mẫu số: {indicator.denominator_vi}", "it is in the denominator alone"),
    )
    words = inside if is_numerator else outside
    if not is_numerator and late_days:
        return Words(f"{words.vi}: trễ {late_days} ngày làm việc", f"{words.en}: {late_days} working day{'s' * (late_days > 1)} late")
    return words


def why_not_counted(reason: str, rules: list[str] | None) -> Words:
    """Why an item is not counted. `rules`: the critical rules that it breaks, if any."""
    words = NOT_COUNTED[reason]
    if not rules:
        return words
    named = ", ".join(rules)
    return Words(f"{words.vi} ({named})", f"{words.en} ({named})")


def why_changed(change: str, reason: str, detail: str | None) -> Words:
    """What became of an item since the publication, and why. `detail`: what else has changed, as mart.restatement_item names it."""
    what, why = CHANGES[change], CHANGED[reason]
    named = [DETAILS.get(word, Words(word, word)) for word in (detail or "").split(", ") if word]
    vi, en = (f" ({', '.join(words)})" if words else "" for words in ([n.vi for n in named], [n.en for n in named]))
    return Words(f"{what.vi}: {why.vi}{vi}", f"{what.en}: {why.en}{en}")


HIDDEN = "•••"  # in place of content that is personal

# The names of the fields of dossiers and steps, for people
FIELDS: dict[str, Words] = {
    "other_dossier_code": Words("mã hồ sơ khác", "second code"),
    "procedure_code": Words("mã thủ tục", "procedure code"),
    "procedure_name": Words("tên thủ tục", "procedure"),
    "field_name": Words("lĩnh vực", "field"),
    "case_code": Words("trường hợp", "case"),
    "processing_time": Words("thời gian thực hiện", "processing time"),
    "service_level": Words("mức độ dịch vụ", "service level"),
    "channel_code": Words("kênh nộp", "channel"),
    "applicant_kind_code": Words("loại đối tượng", "kind of applicant"),
    "unit_code": Words("đơn vị xử lý", "handling unit"),
    "receiving_unit_code": Words("đơn vị tiếp nhận", "receiving unit"),
    "submitted_at": Words("nộp lúc", "submitted"),
    "received_at": Words("tiếp nhận lúc", "received"),
    "accept_due_at": Words("hạn tiếp nhận", "acceptance due"),
    "due_at": Words("hẹn trả", "due"),
    "processed_at": Words("kết thúc xử lý", "processed"),
    "returned_at": Words("trả kết quả", "handed over"),
    "refused_at": Words("từ chối", "refused"),
    "status_code": Words("trạng thái", "status"),
    "result_kind_code": Words("loại kết quả", "kind of result"),
    "return_method_code": Words("hình thức trả", "way of handing over"),
    "submitted_on_code": Words("nơi nộp", "where submitted"),
    "paid_online_code": Words("thanh toán trực tuyến", "paid online"),
    "apology_count": Words("số lần xin lỗi", "apologies"),
    "deleted_at": Words("bị xóa lúc", "deleted"),
    "papers": Words("giấy tờ nộp (tổng / số hóa có tệp)", "papers (all / digitised with a file)"),
    "results": Words("kết quả (tổng / ký số)", "results (all / signed)"),
    "fees": Words("phí, lệ phí (đồng)", "fees (dong)"),
    "supplements": Words("số lần yêu cầu bổ sung", "supplement rounds"),
    "databases": Words("cơ sở dữ liệu đã tra cứu", "databases consulted"),
    "owner_ids": Words("loại giấy tờ của người nộp", "kinds of identity papers"),
    "done_at": Words("thực hiện lúc", "done"),
    "action_name": Words("việc", "action"),
    "post_name": Words("vị trí", "post"),
    "started_at": Words("bắt đầu", "started"),
    "step_due_at": Words("hạn của bước", "due of the step"),
}

SET_BY: dict[str, Words] = {
    "first": Words("hẹn lần đầu", "first promise"),
    "version": Words("bản ghi đổi", "another version of the record"),
    "supplement": Words("nhận bổ sung", "papers came back"),
}

RELATED: dict[str, Words] = {
    "payment": Words("thanh toán", "payment"),
    "feedback": Words("phản ánh, kiến nghị", "feedback"),
    "assessment": Words("đánh giá", "assessment"),
    "survey_answer": Words("phiếu khảo sát", "survey sheet"),
}
