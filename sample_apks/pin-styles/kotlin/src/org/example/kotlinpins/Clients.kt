package org.example.kotlinpins

import okhttp3.CertificatePinner
import okhttp3.OkHttpClient

/** Makes clients of pinners. */
internal fun CertificatePinner.Builder.client(): OkHttpClient = clientOf(build())

internal fun clientOf(pinner: CertificatePinner): OkHttpClient =
    OkHttpClient.Builder().certificatePinner(pinner).build()
