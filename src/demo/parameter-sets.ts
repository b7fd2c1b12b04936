import { BitWriter } from "./bit-writer.ts";
import { CELL_SIZE, COLUMNS, FRAME_RATE, ROWS, VISIBLE_ROWS } from "./cells.ts";
import { QP } from "./dc-transform.ts";

export const PROFILE_IDC = 66;
/** Constrained Baseline: constraint_set0_flag and constraint_set1_flag. */
export const PROFILE_COMPATIBILITY = 0xc0;
/** Level 3.0: 920 macroblocks at 30 frames per second. */
export const LEVEL_IDC = 30;
export const LOG2_MAX_FRAME_NUM = 4;

/** The sequence parameter set as an RBSP without NAL header (H.264 7.3.2.1.1, VUI: E.1.1). */
export function sequenceParameterSet(): Uint8Array {
  const bits = new BitWriter();
  bits.u(PROFILE_IDC, 8).u(PROFILE_COMPATIBILITY, 8).u(LEVEL_IDC, 8);
  bits.ue(0); // seq_parameter_set_id
  bits.ue(LOG2_MAX_FRAME_NUM - 4);
  bits.ue(2); // pic_order_cnt_type: output order is decoding order
  bits.ue(1); // max_num_ref_frames
  bits.u(0, 1); // gaps_in_frame_num_value_allowed_flag
  bits.ue((COLUMNS * CELL_SIZE) / 16 - 1).ue((ROWS * CELL_SIZE) / 16 - 1);
  bits.u(1, 1); // frame_mbs_only_flag
  bits.u(1, 1); // direct_8x8_inference_flag
  bits.u(1, 1).ue(0).ue(0).ue(0); // frame cropping: left, right, top
  bits.ue(((ROWS - VISIBLE_ROWS) * CELL_SIZE) / 2); // bottom, in chroma samples
  bits.u(1, 1); // vui_parameters_present_flag
  bits.u(1, 1).u(1, 8); // aspect_ratio_idc: square
  bits.u(0, 1); // overscan_info_present_flag
  bits.u(1, 1).u(5, 3).u(0, 1); // video_signal_type: format unspecified, limited range
  bits.u(1, 1).u(1, 8).u(1, 8).u(1, 8); // BT.709 primaries, transfer, matrix
  bits.u(0, 1); // chroma_loc_info_present_flag
  bits
    .u(1, 1)
    .u32(1)
    .u32(FRAME_RATE * 2)
    .u(1, 1); // timing: two ticks a frame, fixed rate
  bits.u(0, 2); // no HRD parameters
  bits.u(0, 1); // pic_struct_present_flag
  bits.u(1, 1).u(1, 1); // bitstream_restriction_flag, motion_vectors_over_pic_boundaries_flag
  bits.ue(0).ue(0).ue(0).ue(0); // no limits on sizes, vectors are zero
  bits.ue(0).ue(1); // max_num_reorder_frames, max_dec_frame_buffering: shown at once
  return bits.trailing().take();
}

/** The picture parameter set as an RBSP without NAL header (7.3.2.2). */
export function pictureParameterSet(): Uint8Array {
  const bits = new BitWriter();
  bits.ue(0).ue(0); // ids
  bits.u(0, 1); // entropy_coding_mode_flag: CAVLC
  bits.u(0, 1); // bottom_field_pic_order_in_frame_present_flag
  bits.ue(0); // one slice group
  bits.ue(0).ue(0); // one reference in each list
  bits.u(0, 3); // no weighted prediction
  bits.se(QP - 26).se(0); // pic_init_qp, pic_init_qs
  bits.se(0); // chroma_qp_index_offset
  bits.u(1, 1); // deblocking_filter_control_present_flag
  bits.u(0, 1); // constrained_intra_pred_flag: intra blocks may look at skipped neighbours
  bits.u(0, 1); // redundant_pic_cnt_present_flag
  return bits.trailing().take();
}
