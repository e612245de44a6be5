package android.app;

import android.os.Bundle;
import android.view.ContextThemeWrapper;

public class Activity extends ContextThemeWrapper {
    protected void onCreate(Bundle savedInstanceState) {
    }

    public final Application getApplication() {
        return null;
    }
}
