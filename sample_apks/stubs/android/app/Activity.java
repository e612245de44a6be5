package android.app;

import android.content.Intent;
import android.os.Bundle;
import android.view.ContextThemeWrapper;

public class Activity extends ContextThemeWrapper {
    protected void onCreate(Bundle savedInstanceState) {
    }

    protected void onResume() {
    }

    public final Application getApplication() {
        return null;
    }

    public Intent getIntent() {
        return null;
    }
}
