"""The payer's side of the emulated WeChat Pay: the pages of `wx.tenpay.com`, to which an H5 order's link leads."""
